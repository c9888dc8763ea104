import { isDeepStrictEqual } from 'node:util';
import { Problem } from '@coffer/core';
import type { ParameterOutcome } from '@coffer/core/driver';
import type { GuestHandlers, InstanceSpec } from '@coffer/core/rpc';
import { changedNames, wishOf } from './configuration.ts';
import { groupsOf } from './groups.ts';
import type { HandlerParts } from './handlers.ts';
import { createOrders } from './orders.ts';

type UpkeepMethod =
  | 'configure'
  | 'configuration_read'
  | 'log_list'
  | 'log_tail'
  | 'tls_request'
  | 'tls_status'
  | 'metrics_read';

/** Names in one request to read. */
const MOST_NAMES = 2000;

/** Parameters, logs, certificate and figures of a database that is there. */
export function createUpkeepHandlers(parts: HandlerParts): Pick<GuestHandlers, UpkeepMethod> {
  const { agent, tls, logs, volume, marks } = parts;
  const { group, groupAtRest } = groupsOf(agent);
  const orders = createOrders(parts);

  /** Parameters of which two specs want different things, those that switch logs among them. */
  async function changes(before: InstanceSpec, after: InstanceSpec): Promise<string[]> {
    const { manifest } = await agent.factory();
    const { driver } = agent.deployed();
    const unknown = (after.logs ?? []).filter((name) => !driver.logs?.sources().some((one) => one.name === name));
    if (unknown.length > 0) {
      const known = driver.logs?.sources().map(({ name }) => name) ?? [];
      throw new Problem('bad_request', `There is no log ${unknown.join(', ')}; known: ${known.join(', ')}.`);
    }
    const [left, right] = [before, after].map((spec) => wishOf(manifest, driver, spec).settings);
    const names = left && right ? changedNames(left, right) : [];
    if (names.length > 0) await groupAtRest('configuration');
    return names;
  }

  /** @throws Problem `conflict` for anything else than another configuration of what this guest is. */
  function checkIsConfiguration(present: InstanceSpec, order: InstanceSpec): void {
    const rest = ({ settings: _, logs: __, tls: ___, revision: ____, ...others }: InstanceSpec) => others;
    if (!isDeepStrictEqual(rest(present), rest(order)))
      throw new Problem(
        'conflict',
        'A configuration changes settings, logs and TLS alone; the rest of this spec differs too.',
      );
    if (present.revision === order.revision && !isDeepStrictEqual(present, order)) {
      throw new Problem(
        'conflict',
        `Spec revision ${order.revision} is in force with other content; send the next one.`,
      );
    }
  }

  return {
    async configure({ spec }, op) {
      const order = await orders.check(spec);
      const present = await agent.wanted();
      if (!present) throw new Problem('not_ready', 'This guest has no database yet; prepare it first.');
      checkIsConfiguration(present, order);
      const noted = await marks.note(op.id);
      const names = noted?.split(' ').filter((name) => name !== '') ?? (await changes(present, order));
      // Before it changes: whoever asks again compares the order with itself.
      if (noted === undefined) await marks.set(op.id, names.join(' '));
      await agent.adopt(order);
      await agent.settled(order.revision, op.signal);
      const known = agent.outcomes();
      const outcomes = names.map((name): [string, ParameterOutcome] => [name, known[name] ?? { outcome: 'applied' }]);
      return { outcomes: Object.fromEntries(outcomes) };
    },
    async configuration_read({ names }, op) {
      const target = await group('configuration');
      if (names.length > MOST_NAMES)
        throw new Problem('bad_request', `${names.length} parameters are asked for; at most ${MOST_NAMES} at once.`);
      return { values: await target.effective(names, op) };
    },

    async log_list() {
      return { logs: await logs.list({ group: await groupAtRest('logs'), order: agent.deployed().order }) };
    },
    async log_tail({ name, lines }) {
      return logs.tail({ group: await groupAtRest('logs'), order: agent.deployed().order }, name, lines);
    },

    async tls_request(_, op) {
      const { manifest } = await agent.factory();
      if (!manifest.groups.includes('tls'))
        throw new Problem('not_supported', `${manifest.title} has no operations on tls.`);
      const noted = await marks.note(op.id);
      if (noted !== undefined && (await tls.kept(noted))) return { publicKey: noted };
      const publicKey = await tls.request();
      await marks.set(op.id, publicKey);
      return { publicKey };
    },
    async tls_status(_, op) {
      return (await group('tls')).status(op);
    },

    async metrics_read(_, op) {
      const database = await (await group('metrics')).read(op);
      const used = await volume.usage();
      if (!used) throw new Problem('not_ready', 'The data volume is not there yet.');
      return { database, volume: used };
    },
  };
}
