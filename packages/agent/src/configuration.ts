import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@coffer/core';
import {
  type ConfigurationGroup,
  type DatastoreDriver,
  type DriverManifest,
  evaluateSizing,
  isSameValue,
  type ManifestParameter,
  type Operation,
  type ParameterOutcome,
  type ParameterValue,
  type Settings,
} from '@coffer/core/driver';
import type { InstanceSpec } from '@coffer/core/rpc';
import type { KeptConfiguration, Refusal } from './kept-configuration.ts';
import type { AgentState } from './state.ts';

/** What a spec says of parameters, for one driver. */
export interface Wish {
  /** The sizing's, the tenant's over them, those that switch logs over both. */
  settings: Settings;
  catalogue: readonly ManifestParameter[];
  /** With another version or flavor a value may do that did not. */
  ground: string;
}

/** Parameters of one database, from what is wished to what is in force. */
export interface Configuration {
  /** What is wished without what the database did not come up with; for its files. */
  inReach(wish: Wish): Promise<Settings>;
  /** Before each start: these are in its files. */
  starting(settings: Settings): Promise<void>;
  /** It has come up with what it was started with. */
  cameUp(): Promise<void>;
  /** It has served for a while since. */
  isSteady(): Promise<void>;
  /**
   * It does not come up: takes back what differs from that with which it last served.
   * @param why the rest of a sentence. @returns whether there is anything to take back
   */
  takeBack(why: string): Promise<boolean>;
  /**
   * Makes the running database of this life have these, as far as it takes them; what it was given and is wished no more
   * becomes its own default. What it refused is tried again after a while, or when told anew, and what needs a restart is not.
   */
  hold(group: ConfigurationGroup, wish: Wish, settings: Settings, life: string, op: Operation): Promise<void>;
  /** Of each parameter, as last known. */
  outcomes(): Readonly<Record<string, ParameterOutcome>>;
  /** In a sentence, what the database did not come up with; undefined when there is nothing. */
  takenBack(): string | undefined;
  /** The next `hold` asks the database of everything anew. */
  askAnew(): void;
}

export interface ConfigurationParts {
  state: Pick<AgentState, 'configuration' | 'saveConfiguration'>;
  log: Logger;
  now: () => number;
  /** Until a parameter that was refused is tried again, ms. */
  refusedMs: number;
}

/** @throws Problem `internal` for a sizing without a result */
export function wishOf(
  manifest: DriverManifest,
  driver: Pick<DatastoreDriver, 'logs'>,
  { version, memoryMib, vcpus, settings, logs = [] }: InstanceSpec,
): Wish {
  const switches = (driver.logs?.sources() ?? []).map(({ name, switch: both }) =>
    logs.includes(name) ? both?.on : both?.off,
  );
  return {
    settings: Object.assign({}, evaluateSizing(manifest, { memoryMib, vcpus }), settings, ...switches),
    catalogue: manifest.versions.find(({ name }) => name === version.name)?.parameters ?? [],
    ground: JSON.stringify([version.number, memoryMib, vcpus]),
  };
}

/** Names of which the two say different things. */
export function changedNames(left: Settings, right: Settings): string[] {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => left[name] !== right[name]);
}

/** What was put in force since the last start, what that was made with, and some to go back to from both. */
const MOST_SERVED = 4;

const shown = (value: ParameterValue | null): string => (value === null ? 'its default' : JSON.stringify(value));

function isSame(catalogue: readonly ManifestParameter[], name: string, left: ParameterValue, right?: ParameterValue) {
  if (right === undefined) return false;
  const parameter = catalogue.find((one) => one.name === name);
  // Parameters of the service's own are in no catalogue.
  return parameter ? isSameValue(parameter, left, right) : left === right;
}

const rejected = (reason: string): ParameterOutcome => ({ outcome: 'rejected', reason });

/** What the database said when it was given a value. */
interface Answer {
  value: ParameterValue | null;
  outcome: ParameterOutcome;
  at: number;
}

export function createConfiguration({ state, log, now, refusedMs }: ConfigurationParts): Configuration {
  let loaded: Promise<KeptConfiguration> | undefined;
  let answers = new Map<string, Answer>();
  let refused: KeptConfiguration['refused'] = {};
  let answeredLife: string | undefined;

  function kept(): Promise<KeptConfiguration> {
    loaded ??= state.configuration().then((known) => known ?? { given: [], served: [], refused: {}, ground: '' });
    loaded.catch(() => {
      loaded = undefined;
    });
    return loaded;
  }

  async function save(after: KeptConfiguration): Promise<void> {
    if (isDeepStrictEqual(await kept(), after)) return;
    await state.saveConfiguration(after);
    loaded = Promise.resolve(after);
    refused = after.refused;
  }

  async function inReach(wish: Wish): Promise<Settings> {
    const before = await kept();
    const still = Object.entries(before.refused).filter(
      ([name, { value }]) => before.ground === wish.ground && (wish.settings[name] ?? null) === value,
    );
    // Whoever asks for another value has heard of it.
    await save({ ...before, refused: Object.fromEntries(still), ground: wish.ground });
    refused = (await kept()).refused;
    const settings: Record<string, ParameterValue> = { ...wish.settings };
    for (const [name, { instead }] of still) {
      if (instead === null) delete settings[name];
      else settings[name] = instead;
    }
    return settings;
  }

  /** What is to be told to the database: what it does not have, and has not said no to a moment ago. */
  async function differences(group: ConfigurationGroup, { catalogue }: Wish, settings: Settings, op: Operation) {
    const { given } = await kept();
    const effective = await group.effective(Object.keys(settings), op);
    const changes: Record<string, ParameterValue | null> = {};
    const isSettled = (name: string, value: ParameterValue | null): boolean => {
      const answer = answers.get(name);
      if (answer?.value !== value || answer.outcome.outcome === 'applied') return false;
      return answer.outcome.outcome === 'restart_required' || now() - answer.at < refusedMs;
    };
    for (const [name, value] of Object.entries(settings)) {
      if (isSame(catalogue, name, value, effective[name]))
        answers.set(name, { value, outcome: { outcome: 'applied' }, at: now() });
      else if (!isSettled(name, value)) changes[name] = value;
    }
    for (const name of given) if (!(name in settings) && !isSettled(name, null)) changes[name] = null;
    return { changes, effective };
  }

  const indexIn = (served: readonly Settings[], settings?: Settings): number =>
    served.findIndex((one) => isDeepStrictEqual(one, settings));

  const isApplied = (name: string): boolean => answers.get(name)?.outcome.outcome === 'applied';

  /** What the running database has: what was put in force in it, and else what it was started with. */
  function inForce(settings: Settings, started: Settings): Settings {
    const names = [...Object.keys(started), ...Object.keys(settings)];
    const found = names.flatMap((name): [string, ParameterValue][] => {
      const value = (isApplied(name) ? settings : started)[name];
      return value === undefined ? [] : [[name, value]];
    });
    return Object.fromEntries(found);
  }

  async function tell(
    group: ConfigurationGroup,
    { changes, effective }: { changes: Readonly<Record<string, ParameterValue | null>>; effective: Settings },
    { catalogue }: Wish,
    started: Settings,
    op: Operation,
  ): Promise<void> {
    if (Object.keys(changes).length === 0) return;
    log.info({ names: Object.keys(changes) }, 'parameters are put in force');
    const said = await group.apply(changes, op);
    for (const [name, value] of Object.entries(changes)) {
      let outcome = said[name] ?? rejected(`The driver does not say what became of ${name}.`);
      // A restart would end the same.
      if (outcome.outcome === 'restart_required' && value !== null && isSame(catalogue, name, value, started[name]))
        outcome = rejected(`The database made ${shown(effective[name] ?? null)} of ${name} = ${shown(value)}.`);
      answers.set(name, { value, outcome, at: now() });
    }
  }

  return {
    inReach,
    starting: async (settings) => save({ ...(await kept()), given: Object.keys(settings), started: settings }),
    async cameUp() {
      const known = await kept();
      const { started, served } = known;
      if (started && indexIn(served, started) < 0)
        await save({ ...known, served: [started, ...served].slice(0, MOST_SERVED) });
    },
    async isSteady() {
      const known = await kept();
      const at = indexIn(known.served, known.started);
      if (at >= 0) await save({ ...known, served: known.served.slice(0, at + 1) });
    },
    async takeBack(why) {
      const known = await kept();
      const { started } = known;
      const served = known.served.filter((one) => !isDeepStrictEqual(one, started));
      const [fallback] = served;
      if (!started || !fallback) return false;
      const names = changedNames(started, fallback);
      const all = names.map((name) => `${name} = ${shown(started[name] ?? null)}`).join(', ');
      const made = names.map((name): [string, Refusal] => {
        const value = started[name] ?? null;
        const instead = fallback[name] ?? null;
        const reason = `The database did not come up with ${all}: ${why}; ${name} is ${shown(instead)} again.`;
        return [name, { value, instead, reason }];
      });
      log.warn({ names, why }, 'the database did not come up with these parameters; they are taken back');
      await save({ ...known, served, refused: { ...known.refused, ...Object.fromEntries(made) } });
      return true;
    },
    async hold(group, wish, settings, life, op) {
      if (answeredLife !== life) answers = new Map();
      answeredLife = life;
      const known = await kept();
      const started = known.started ?? {};
      // On disk before the database has them, so that they are taken back from it whatever happens to the agent.
      const given = [...new Set([...known.given, ...Object.keys(settings)])];
      await save({ ...known, given });
      await tell(group, await differences(group, wish, settings, op), wish, started, op);
      const isGone = (name: string): boolean => !(name in settings) && isApplied(name);
      // What it serves with now comes before what it was started with, and nothing else does.
      const present = inForce(settings, started);
      const since = known.served.slice(Math.max(0, indexIn(known.served, started)));
      await save({
        ...known,
        given: given.filter((name) => !isGone(name)),
        served: [present, ...since.filter((one) => !isDeepStrictEqual(one, present))],
      });
    },
    outcomes() {
      const known = [...answers].map(([name, { outcome }]): [string, ParameterOutcome] => [name, outcome]);
      const taken = Object.entries(refused).map(([name, { reason }]): [string, ParameterOutcome] => [
        name,
        rejected(reason),
      ]);
      return Object.fromEntries([...known, ...taken]);
    },
    takenBack: () => Object.values(refused)[0]?.reason,
    askAnew() {
      answers = new Map();
    },
  };
}
