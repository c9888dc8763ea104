import type { ManifestParameter } from '@coffer/core/driver';
import type { Connection } from 'mysql2/promise';
import { connectTo, currentValue, defaultValue, rowsOf, trySet, typed } from './mysql-variables.ts';
import type { ParameterReader, TrialServer } from './reader.ts';

/** What the server says of one variable. */
interface Variable {
  name: string;
  type: string;
  min: string;
  max: string;
  value: string;
}

type Values = Pick<ManifestParameter, 'type' | 'min' | 'max' | 'step' | 'enum' | 'isList'>;

const READ_ONLY = [1238, 1621];

/** Options and their defaults as they are compiled in: the last table of the help text. */
function compiledDefaults(help: string): Map<string, string> {
  const [, table = ''] = help.split(/^-{3,} -{3,}$/m);
  const lines = table.split('\n').map((line) => /^([a-z][a-z0-9-]*) +(.*?)\s*$/.exec(line));
  return new Map(
    lines.flatMap((line): [string, string][] => (line?.[1] ? [[line[1].replaceAll('-', '_'), line[2] ?? '']] : [])),
  );
}

/** A value's name by its number, as long as the server knows the number. */
async function namesByNumber(connection: Connection, name: string, numbers: Iterable<number>): Promise<string[]> {
  const before = await currentValue(connection, name);
  const names: string[] = [];
  for (const number of numbers) {
    if ((await trySet(connection, name, String(number))) !== undefined) break;
    names.push(await currentValue(connection, name));
  }
  await trySet(connection, name, `'${before}'`);
  return names;
}

function* powersOfTwo(): Generator<number> {
  for (let number = 1; number < 2 ** 40; number *= 2) yield number;
}

/** What the server rounds down to: a number of ones alone loses all that is less than a step. */
async function stepOf(connection: Connection, { name, min, max }: Variable): Promise<number | undefined> {
  const before = await currentValue(connection, name);
  const tried = [2 ** 17 - 1, 2 ** 20 - 1, 2 ** 24 - 1, 2 ** 14 - 1, 2 ** 10 - 1].find(
    (value) => value > Number(min) + 4096 && value <= Number(max),
  );
  if (tried === undefined || (await trySet(connection, name, String(tried))) !== undefined) return undefined;
  const lost = tried - Number(await currentValue(connection, name));
  await trySet(connection, name, before);
  // Another number was clamped by something else.
  return lost > 0 && Number.isInteger(Math.log2(lost + 1)) ? lost + 1 : undefined;
}

const isWord = (text: string): boolean => /^[\w.-]+$/.test(text);

async function valuesOf(connection: Connection, variable: Variable, isDynamic: boolean): Promise<Values> {
  const { name, type } = variable;
  if (type === 'Boolean') return { type: 'boolean' };
  if (type === 'Integer' || type === 'Unsigned Integer') {
    const step = isDynamic ? await stepOf(connection, variable) : undefined;
    const bounds =
      variable.min === '0' && variable.max === '0' ? {} : { min: Number(variable.min), max: Number(variable.max) };
    return { type: 'integer', ...bounds, ...(step !== undefined && { step }) };
  }
  if (type === 'Numeric') return { type: 'float', min: Number(variable.min), max: Number(variable.max) };
  if (type === 'Enumeration') {
    const known = isDynamic ? await namesByNumber(connection, name, Array(64).keys()) : undefined;
    return { type: 'string', ...(known && { enum: known }) };
  }
  if (type === 'Set' || type === 'Flagset') {
    const known = isDynamic ? await namesByNumber(connection, name, powersOfTwo()) : undefined;
    return { type: 'string', isList: true, ...(known?.every(isWord) && { enum: known }) };
  }
  return { type: 'string' };
}

async function read(server: TrialServer): Promise<ManifestParameter[]> {
  const connection = await connectTo(server);
  try {
    // The image's first server, without network, cannot be reached; whoever answers here is the one that stays.
    const rows = await rowsOf(
      connection,
      `SELECT m.VARIABLE_NAME, m.DATA_TYPE, m.MIN_VALUE, m.MAX_VALUE, g.VARIABLE_VALUE FROM performance_schema.variables_metadata m
       JOIN performance_schema.global_variables g USING (VARIABLE_NAME) ORDER BY 1`,
    );
    const defaults = compiledDefaults(await server.exec('mysql', ['mysqld', '--no-defaults', '--verbose', '--help']));
    const found: ManifestParameter[] = [];
    for (const [name = '', type = '', min = '', max = '', value = ''] of rows) {
      const preset = defaults.get(name) ?? (name === 'time_zone' ? value : undefined);
      // What no option file can set would be gone with the next start.
      if (preset === undefined) continue;
      const refusal = await trySet(connection, name, `@@GLOBAL.\`${name}\``);
      const restartRequired = refusal !== undefined && READ_ONLY.includes(refusal);
      const values = await valuesOf(connection, { name, type, min, max, value }, !restartRequired);
      const wanted = typed(values.type, preset);
      // Where the server makes something else of its own default, the default depends on the machine and on other values.
      const isEverywhere =
        wanted !== undefined &&
        wanted === typed(values.type, value) &&
        (restartRequired || wanted === typed(values.type, await defaultValue(connection, name)));
      found.push({ name, ...values, ...(isEverywhere && { default: wanted }), restartRequired });
    }
    return found;
  } finally {
    await connection.end();
  }
}

/** MySQL tells types and bounds in `performance_schema`; what it does not tell is tried out. */
export const mysqlReader: ParameterReader = {
  port: 3306,
  env: (password) => ({ MYSQL_ROOT_PASSWORD: password }),
  // The X plugin's variables are nobody's to set.
  args: ['mysqld', '--mysqlx=0'],
  read,
};
