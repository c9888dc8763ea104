import type { Operation } from '../driver/operation.ts';
import type { ControlMethod, ControlMethods, GuestMethod, GuestMethods, GuestReport } from './methods.ts';

export interface CallOptions {
  /** Under this id a repeat is answered from the stored result, never run twice. A UUID. */
  operationId: string;
  /** How long to wait for the answer, ms; also how late the guest may still begin. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/** The control plane's side of one guest: typed calls with a deadline. */
export interface GuestCaller {
  /**
   * @throws the guest's own Problem; `timeout` when no answer came in time (the guest may still have done it: ask again under
   * the same operation id); `not_ready` when the guest has not enrolled.
   */
  call<M extends GuestMethod>(
    instanceId: string,
    method: M,
    params: GuestMethods[M]['params'],
    options: CallOptions,
  ): Promise<GuestMethods[M]['result']>;
}

/** What the agent offers; the operation carries id and abort signal. */
export type GuestHandlers = {
  [M in GuestMethod]: (params: GuestMethods[M]['params'], op: Operation) => Promise<GuestMethods[M]['result']>;
};

/** What the control plane offers to guests. The instance id is proven by the seal, never read from the body. */
export type ControlHandlers = {
  [M in ControlMethod]: (
    instanceId: string,
    params: ControlMethods[M]['params'],
  ) => Promise<ControlMethods[M]['result']>;
};

/** The guest's side: questions up, reports up, calls down to its handlers. */
export interface AgentLink {
  ask<M extends ControlMethod>(
    method: M,
    params: ControlMethods[M]['params'],
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<ControlMethods[M]['result']>;
  /** Resolves when the broker has it; lost reports are replaced by the next. */
  report(report: GuestReport): Promise<void>;
  close(): Promise<void>;
}
