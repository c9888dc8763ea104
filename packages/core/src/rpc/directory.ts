import type { LinkKeys } from './keys.ts';
import type { GuestReport } from './methods.ts';
import type { ProtocolRange } from './protocols.ts';

/** What the control plane knows of one guest's link. */
export interface GuestEntry {
  instanceId: string;
  /** Keys of the one-time token, while it may still be used. */
  token?: LinkKeys;
  /** Keys agreed on at enrolment. */
  link?: LinkKeys;
  /** The agent's present life, from its hello. */
  session?: string;
  /** What that life speaks. */
  protocols?: ProtocolRange;
}

/** Whose key it is, and what else a message that came under it needs. */
export type KeyHolder = Pick<GuestEntry, 'instanceId' | 'token' | 'link'>;

/** Where a report stands in the order of its guest's reports. */
export interface ReportPosition {
  session: string;
  /** Rises with every start of the agent. */
  boot: number;
  /** Rises within the session. */
  number: number;
}

/** What hello and report say. */
export interface Heard {
  /** The guest's clock minus ours. */
  clockSkewMs: number;
  protocols: ProtocolRange;
  /** Absent in a hello. */
  report?: GuestReport;
}

/** The control plane's memory of its guests: the store, or a fake. */
export interface GuestDirectory {
  get(instanceId: string): Promise<GuestEntry | undefined>;
  /** By the id of an `up` key, of token or link. Asked for every message: what does not change may be remembered. */
  byKeyId(kid: string): Promise<KeyHolder | undefined>;
  /**
   * The first key wins: the same agent asking again gets the same answer, another key is refused with undefined.
   * @returns the control plane's public key for this instance.
   */
  enrol(instanceId: string, agentPublicKey: string): Promise<{ serverPublicKey: string } | undefined>;
  /** Called for the first message under the link's own keys: the token is worthless from now on. Repeatable. */
  enrolled(instanceId: string): Promise<void>;
  /** Takes hello or report if it is newer than the last taken, in one statement. @returns whether it was taken. */
  accept(instanceId: string, at: ReportPosition, heard: Heard): Promise<boolean>;
  /**
   * Says of a guest that has fallen silent why this server cannot understand it. Another copy may, so it judges nothing.
   * Repeatable.
   */
  apart(instanceId: string, why: string): Promise<void>;
}
