import { isId } from '../ids.ts';
import type { Store } from '../store/store.ts';
import type { RelayAccounts } from './relay.ts';

/** The relay's accounts, in the rows of the guests: they live as long as the store, and not as the process. */
export function relayAccounts(store: Store): RelayAccounts {
  return {
    async passwordHash(instanceId) {
      // Usernames come from strangers; only ids are looked up.
      if (!isId(instanceId)) return undefined;
      return (await store.guests.get(instanceId))?.brokerPasswordHash ?? undefined;
    },
    async list() {
      const granted = store.db.selectFrom('guests').select('instanceId').where('brokerPasswordHash', 'is not', null);
      return (await granted.execute()).map((row) => row.instanceId);
    },
    async forget(instanceId) {
      const guest = store.db.updateTable('guests').where('instanceId', '=', instanceId);
      await guest.set({ brokerPasswordHash: null }).execute();
    },
  };
}
