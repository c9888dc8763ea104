import { Problem } from '@coffer/core';
import {
  type ConfigurationGroup,
  isSameValue,
  type ManifestParameter,
  type ParameterOutcome,
  type ParameterValue,
  type Settings,
} from '@coffer/core/driver';
import { errnoOf, isConnectionLoss } from './mysql-errors.ts';
import type { Session, Statements } from './mysql-session.ts';
import { quoteIdentifier, quoteLiteral, Statement, sql } from './mysql-sql.ts';
import { type OptionValue, optionFile } from './option-file.ts';
import { text } from './rows.ts';

export interface ConfigurationParts {
  /** Display name of the database, for messages. */
  title: string;
  session: Session;
  /** What can be set in the version that runs. */
  catalogue: readonly ManifestParameter[];
  /** The option file, in a folder that the image's own configuration includes. */
  file: string;
  /** What the server is told whatever the settings are. */
  fixed: Readonly<Record<string, OptionValue>>;
  /** Option files that the server reads after this one, where they are; e.g. that of TLS. */
  includes?: readonly string[];
  /** Whether the server is still at work on a value that it has taken, e.g. the size of its buffer pool. Waited for. */
  isBusy?(statements: Statements): Promise<boolean>;
}

/** How long a call waits for the server to finish with the value before, or with this one. */
const BUSY_MS = 20_000;
const BUSY_POLL_MS = 100;

/** A value as the server writes it in its list of variables. @returns undefined where it is not of the parameter's type */
function typedValue(parameter: ManifestParameter, written: string): ParameterValue | undefined {
  if (parameter.type === 'string') return written;
  if (parameter.type === 'boolean') {
    if (/^(ON|YES|TRUE|1)$/i.test(written)) return true;
    return /^(OFF|NO|FALSE|0)$/i.test(written) ? false : undefined;
  }
  const number = Number(written);
  return written.trim() === '' || Number.isNaN(number) ? undefined : number;
}

/** What the server will make of a number. It rounds at a start without a word, and refuses to in a strict session. */
function rounded({ step, roundsUp }: ManifestParameter, value: ParameterValue | null): ParameterValue | null {
  if (step === undefined || typeof value !== 'number') return value;
  return (roundsUp ? Math.ceil(value / step) : Math.floor(value / step)) * step;
}

/** Options that have another name in files than in the running server. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  time_zone: 'default_time_zone',
  tx_isolation: 'transaction_isolation',
};

/** The server refuses to start with a collation of another character set than its own; collations begin with the name of theirs. */
function characterSetOf(settings: Settings): Settings {
  const collation = settings.collation_server;
  return typeof collation === 'string' ? { character_set_server: collation.split('_')[0] ?? '' } : {};
}

function literalOf(value: ParameterValue | null): string {
  if (value === null) return 'DEFAULT';
  if (typeof value === 'boolean') return value ? 'ON' : 'OFF';
  // Numbers in quotes would be of the wrong type.
  return typeof value === 'number' ? String(value) : quoteLiteral(value);
}

/**
 * Parameters of MySQL and MariaDB. By the files alone at a start, by SET GLOBAL while it runs; never SET PERSIST, whose values would
 * come before the files'. The server silently takes the nearest value that it can for one that it cannot, so each is read back.
 */
export function mysqlConfiguration(parts: ConfigurationParts): ConfigurationGroup {
  const { title, session, fixed } = parts;
  const known = new Map(parts.catalogue.map((parameter) => [parameter.name, parameter]));

  async function read({ run }: Statements, names: readonly string[]): Promise<Map<string, ParameterValue>> {
    const found = new Map<string, ParameterValue>();
    const asked = names.filter((name) => known.has(name));
    if (asked.length === 0) return found;
    for (const row of await run(sql`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${asked})`)) {
      const parameter = known.get(text(row[0]));
      const value = parameter && typedValue(parameter, text(row[1]));
      if (parameter && value !== undefined) found.set(parameter.name, value);
    }
    return found;
  }

  async function settled(statements: Statements): Promise<boolean> {
    const end = Date.now() + BUSY_MS;
    while (await parts.isBusy?.(statements)) {
      if (Date.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, BUSY_POLL_MS));
    }
    return true;
  }

  async function set(statements: Statements, parameter: ManifestParameter, value: ParameterValue | null) {
    const { name } = parameter;
    if (!(await settled(statements)))
      return rejected(`${title} is still at work on an earlier change; it will be tried again`);
    try {
      await statements.run(
        new Statement(`SET GLOBAL ${quoteIdentifier(name)} = ${literalOf(rounded(parameter, value))}`, false),
      );
    } catch (error) {
      if (isConnectionLoss(error) || errnoOf(error) === undefined) throw error;
      if (errnoOf(error) === READ_ONLY) return RESTART_REQUIRED;
      return rejected(`${title} refused it: ${error instanceof Error ? error.message : error}`);
    }
    if (!(await settled(statements))) return APPLIED;
    const after = (await read(statements, [name])).get(name);
    if (value === null || (after !== undefined && isSameValue(parameter, value, after))) return APPLIED;
    return rejected(`${title} made ${JSON.stringify(after)} of it`);
  }

  return {
    render(settings) {
      for (const name of Object.keys(settings)) {
        if (!known.has(name))
          throw new Problem('bad_request', `parameter ${name} is unknown to this version of ${title}`);
      }
      const options = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [OPTION_NAMES[name] ?? name, value]),
      );
      const includes = (parts.includes ?? []).map((path) => `!include ${path}\n`).join('');
      return [
        {
          path: parts.file,
          content: optionFile('mysqld', { ...options, ...characterSetOf(settings), ...fixed }) + includes,
          mode: 0o444,
        },
      ];
    },

    apply: (changes, op) =>
      session.use(op.signal, async (statements) => {
        const outcomes: Record<string, ParameterOutcome> = {};
        for (const [name, value] of Object.entries(changes)) {
          const parameter = known.get(name);
          if (parameter === undefined) outcomes[name] = rejected('it is unknown to this version');
          else if (parameter.restartRequired) outcomes[name] = await compared(statements, parameter, value);
          else outcomes[name] = await set(statements, parameter, value);
        }
        return outcomes;
      }),

    effective: (names, op) =>
      session.use(op.signal, async (statements) => Object.fromEntries(await read(statements, names))),
  };

  /** For what is read at the start alone. */
  async function compared(
    statements: Statements,
    parameter: ManifestParameter,
    value: ParameterValue | null,
  ): Promise<ParameterOutcome> {
    const wanted = value ?? parameter.default;
    const now = (await read(statements, [parameter.name])).get(parameter.name);
    const isSame = wanted !== undefined && now !== undefined && isSameValue(parameter, wanted, now);
    return isSame ? APPLIED : RESTART_REQUIRED;
  }
}

/** It can only be set at the start. */
const READ_ONLY = 1238;
const APPLIED = { outcome: 'applied' } as const;
const RESTART_REQUIRED = { outcome: 'restart_required' } as const;
const rejected = (reason: string): ParameterOutcome => ({ outcome: 'rejected', reason });
