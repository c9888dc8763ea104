export { type AgentLinkOptions, connectAgentLink } from './agent-link.ts';
export type * from './caller.ts';
export type * from './directory.ts';
export { keyIdOf, type Message, open, seal } from './envelope.ts';
export { createGuestLink, type GuestLink, type GuestLinkOptions } from './guest-link.ts';
export { guestText, MOST_PARAMETERS, PARAMETER_LENGTH, REASON_LENGTH } from './guest-text.ts';
export {
  type DirectionKey,
  deriveLinkKeys,
  deriveTokenKeys,
  type KeyPair,
  type LinkKeys,
  newKeyPair,
  newToken,
} from './keys.ts';
export type * from './methods.ts';
export { PROTOCOLS, type ProtocolRange } from './protocols.ts';
export { ReplayWindow, ReplayWindows } from './replay-window.ts';
export { createMemoryReplies, REPLY_LIFETIME_MS, type ReplyStore, type StoredReply } from './replies.ts';
export type * from './transport.ts';
