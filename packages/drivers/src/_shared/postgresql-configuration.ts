import type { ConfigurationGroup, Operation, ParameterOutcome, ParameterValue, Settings } from '@coffer/core/driver';
import { conf, fileText } from './postgresql-conf.ts';
import type { Session, Statements } from './postgresql-session.ts';
import { sql } from './postgresql-sql.ts';
import { text } from './rows.ts';
import { pause } from './turns.ts';

const POLL_MS = 20;

/**
 * Makes the server read its files anew and waits until it has: the session is told as every other, after the server itself. What
 * came of each parameter is not known by that, since the server only logs it.
 * @returns why it took nothing at all of them, where it did not
 */
export async function reload({ run }: Statements, signal: AbortSignal): Promise<string | undefined> {
  const [before] = await run(sql`SELECT pg_conf_load_time(), (SELECT bool_or(applied) FROM pg_file_settings),
    (SELECT string_agg(concat_ws(': ', name, error), '; ') FROM pg_file_settings WHERE error IS NOT NULL)`);
  if (before?.[1] !== 't') return `the server takes none of its files: ${before?.[2] ?? 'they are not there'}`;
  await run(sql`SELECT pg_reload_conf()`);
  for (;;) {
    const [now] = await run(sql`SELECT pg_conf_load_time()`);
    if (now?.[0] !== before[0]) return undefined;
    await pause(POLL_MS, signal);
  }
}

/** In the type that the server says it has. */
function typed(type: string, shown: string): ParameterValue {
  if (type === 'bool') return shown === 'on';
  return type === 'integer' || type === 'real' ? Number(shown) : shown;
}

const rejected = (reason: string): ParameterOutcome => ({ outcome: 'rejected', reason });

/** What became of each parameter, by what the server says of its files. */
async function outcomes(
  { run }: Statements,
  changes: Readonly<Record<string, ParameterValue | null>>,
): Promise<Record<string, ParameterOutcome>> {
  const names = Object.keys(changes);
  const rows = await run(sql`SELECT s.name, s.pending_restart, f.setting, f.error FROM pg_settings s
    LEFT JOIN (SELECT DISTINCT ON (lower(name)) lower(name) AS name, setting, error FROM pg_file_settings
      ORDER BY lower(name), seqno DESC) f ON f.name = lower(s.name)
    WHERE lower(s.name) IN (${names.map((name) => name.toLowerCase())})`);
  const known = new Map(rows.map((row) => [text(row[0]).toLowerCase(), row]));
  const outcome = (name: string, value: ParameterValue | null): ParameterOutcome => {
    const row = known.get(name.toLowerCase());
    if (row === undefined) return rejected('this version does not know it');
    const [, isPending, inFile, error] = row;
    if (value !== null && inFile !== fileText(value)) return rejected('the service sets it to another value');
    if (isPending === 't') return { outcome: 'restart_required' };
    return typeof error === 'string' ? rejected(error) : { outcome: 'applied' };
  };
  return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, outcome(name, value)]));
}

export interface ConfigurationParts {
  session: Session;
  /** Absolute path of the file that the server is started with. */
  file: string;
  /** Before the tenant's parameters, which win over these. */
  defaults: Settings;
  /** After them: what the service insists on. */
  fixed: Settings;
  /** Files that are read after that, where they are there. */
  includes: readonly string[];
}

/** Parameters by the server's own file, which is read again at a reload. */
export function postgresqlConfiguration(parts: ConfigurationParts): ConfigurationGroup {
  const { session, defaults, fixed } = parts;
  return {
    render: (settings) => [
      {
        path: parts.file,
        content: [
          conf({ ...defaults, ...settings }),
          conf(fixed),
          ...parts.includes.map((path) => conf({ include_if_exists: path })),
        ].join(''),
      },
    ],

    apply: (changes, op: Operation) =>
      Object.keys(changes).length === 0
        ? Promise.resolve({})
        : session.use(op.signal, async (statements) => {
            const refusal = await reload(statements, op.signal);
            if (refusal === undefined) return outcomes(statements, changes);
            return Object.fromEntries(Object.keys(changes).map((name) => [name, rejected(refusal)]));
          }),

    effective: (names, op) =>
      session.use(op.signal, async ({ run, unshielded }) => {
        if (names.length === 0) return {};
        // Not what holds in this session, which is shielded from much of it; where the shield hides the server's own value, another
        // session without one tells it.
        const wanted = sql`SELECT name, vartype, reset_val, source FROM pg_settings WHERE name IN (${names})`;
        const rows = await run(wanted);
        const isHidden = rows.some((row) => row[3] === 'client');
        const told = isHidden ? await unshielded((plain) => plain.run(wanted)) : rows;
        return Object.fromEntries(
          told.map(([name, type, value]) => [text(name), typed(text(type), typeof value === 'string' ? value : '')]),
        );
      }),
  };
}
