import { Problem } from '@coffer/core';
import { checkPassword, ROOT_ACCOUNT } from '@coffer/core/driver';
import type { Store } from '../store/store.ts';
import { type Actor, findInstance } from './actor.ts';
import type { AskGuest } from './guest-calls.ts';
import { findReadyInstance, type ReadyInstance } from './guest-objects.ts';

export type RootService = ReturnType<typeof createRootService>;

/** The last time that somebody asked for root to be enabled. */
export interface RootHistory {
  instanceId: string;
  enabled?: { at: Date; userId: string };
}

export interface RootServiceDeps {
  store: Store;
  askGuest: AskGuest;
  /** Draws a password that every datastore takes. */
  newPassword: () => string;
}

/** The administrator of an instance's database, for its owner alone. */
export function createRootService({ store, askGuest, newPassword }: RootServiceDeps) {
  /** Whoever administers the service does not come in by another's root, and does not learn of it. */
  const find = (actor: Actor, id: string): Promise<ReadyInstance> =>
    findReadyInstance(store, { ...actor, isAdmin: false }, id, 'root');

  return {
    async isEnabled(actor: Actor, instanceId: string): Promise<boolean> {
      const { row } = await find(actor, instanceId);
      const { state } = await askGuest(row.id, 'root_status', {});
      return state === 'enabled';
    },

    /** Also when it is enabled: then it gets this password. @throws Problem `bad_request`. */
    async enable(
      actor: Actor,
      instanceId: string,
      given?: string,
    ): Promise<{ name: typeof ROOT_ACCOUNT; password: string }> {
      const { row, manifest } = await find(actor, instanceId);
      const password = given ?? newPassword();
      checkPassword(manifest, password);
      // Before the guest is asked: also when its answer is lost, it is known who may have let root in.
      await store.rootHistory.record(row.id, actor.userId);
      await askGuest(row.id, 'root_enable', { password });
      return { name: ROOT_ACCOUNT, password };
    },

    /** For administrators, of every project's instances. */
    async history(actor: Actor, instanceId: string): Promise<RootHistory> {
      const { id } = await findInstance(store, actor, instanceId);
      const last = await store.rootHistory.get(id);
      return { instanceId: id, ...(last && { enabled: { at: last.enabledAt, userId: last.userId } }) };
    },

    /** @throws Problem `not_found` when it is not enabled. */
    async disable(actor: Actor, instanceId: string): Promise<void> {
      const { row } = await find(actor, instanceId);
      const { outcome } = await askGuest(row.id, 'root_disable', {});
      if (outcome === 'missing') throw new Problem('not_found', `Root is not enabled in instance ${row.id}.`);
    },
  };
}
