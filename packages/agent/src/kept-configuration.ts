import { Problem } from '@coffer/core';
import type { ParameterValue, Settings } from '@coffer/core/driver';

/** A value with which the database did not come up, and what it has instead; null stands for the database's own default. */
export interface Refusal {
  value: ParameterValue | null;
  instead: ParameterValue | null;
  /** In a sentence. */
  reason: string;
}

/** What the agent remembers of parameters across its restarts. */
export interface KeptConfiguration {
  /** Names of all that this life of the database was given, by its files or while it runs. */
  given: readonly string[];
  /** What the files said at the last start. */
  started?: Settings;
  /** With which it has served, the last first: what it may go back to when it does not come up. */
  served: readonly Settings[];
  refused: Readonly<Record<string, Refusal>>;
  /** Version and flavor that the refusals are of: with others a value may do. */
  ground: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isValue = (value: unknown): value is ParameterValue => ['string', 'number', 'boolean'].includes(typeof value);

function settingsOf(found: unknown): Settings {
  if (!isRecord(found) || !Object.values(found).every(isValue))
    throw new Problem('bad_request', 'what should be parameters is none');
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, ParameterValue] => isValue(entry[1])),
  );
}

function refusalOf(value: unknown): Refusal {
  if (!isRecord(value) || typeof value.reason !== 'string') throw new Problem('bad_request', 'a refusal has no reason');
  const orNull = (found: unknown): ParameterValue | null => (isValue(found) ? found : null);
  return { value: orNull(value.value), instead: orNull(value.instead), reason: value.reason };
}

/** @throws Problem `bad_request` */
export function parseKeptConfiguration(value: unknown): KeptConfiguration {
  if (!isRecord(value) || !Array.isArray(value.given) || !Array.isArray(value.served) || !isRecord(value.refused))
    throw new Problem('bad_request', 'it is no memory of parameters');
  return {
    given: value.given.map(String),
    refused: Object.fromEntries(Object.entries(value.refused).map(([name, refusal]) => [name, refusalOf(refusal)])),
    ground: String(value.ground),
    served: value.served.map(settingsOf),
    ...(value.started !== undefined && { started: settingsOf(value.started) }),
  };
}
