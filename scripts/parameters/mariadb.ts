import type { ManifestParameter } from '@coffer/core/driver';
import { connectTo, defaultValue, rowsOf, typed } from './mysql-variables.ts';
import type { ParameterReader, TrialServer } from './reader.ts';

type Values = Pick<ManifestParameter, 'type' | 'min' | 'max' | 'step' | 'enum' | 'isList'>;

/** Values that are any text to the server until it looks them up. Only character sets that a client can speak, and the usual padding. */
const LISTS: Readonly<Record<string, string>> = {
  collation_server: `SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY
    WHERE CHARACTER_SET_NAME NOT IN ('ucs2', 'utf16', 'utf16le', 'utf32') AND FULL_COLLATION_NAME NOT LIKE '%nopad%' ORDER BY 1`,
};

function valuesOf([, type = '', , , min = '', max = '', step = '', list = '']: readonly string[]): Values {
  if (type === 'BOOLEAN') return { type: 'boolean' };
  if (type === 'DOUBLE') return { type: 'float', min: Number(min), max: Number(max) };
  if (type.includes('INT'))
    return { type: 'integer', min: Number(min), max: Number(max), ...(Number(step) > 1 && { step: Number(step) }) };
  if (type === 'ENUM') return { type: 'string', enum: list.split(',') };
  if (type === 'SET' || type === 'FLAGSET')
    return { type: 'string', isList: true, enum: list.split(',').filter((entry) => entry !== 'default') };
  return { type: 'string' };
}

async function read(server: TrialServer): Promise<ManifestParameter[]> {
  const connection = await connectTo(server);
  try {
    // Without an argument of the command line there is none for option files: it would be gone with the next start. Of these
    // the option is another thing than the variable, in two cases by name too.
    const rows = await rowsOf(
      connection,
      `SELECT LOWER(VARIABLE_NAME), VARIABLE_TYPE, DEFAULT_VALUE, GLOBAL_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE,
         NUMERIC_BLOCK_SIZE, ENUM_VALUE_LIST, READ_ONLY FROM information_schema.SYSTEM_VARIABLES
       WHERE (COMMAND_LINE_ARGUMENT IS NOT NULL OR VARIABLE_NAME IN ('collation_server', 'time_zone', 'transaction_isolation', 'tx_isolation'))
         AND VARIABLE_SCOPE IN ('GLOBAL', 'SESSION') ORDER BY 1`,
    );
    const found: ManifestParameter[] = [];
    const hasNewName = rows.some(([name]) => name === 'transaction_isolation');
    for (const row of rows.filter(([name]) => !(name === 'tx_isolation' && hasNewName))) {
      const [name = '', , preset = '', value = '', , , , , readOnly] = row;
      const restartRequired = readOnly === 'YES';
      const list = LISTS[name];
      const values: Values =
        list === undefined ? valuesOf(row) : { type: 'string', enum: (await rowsOf(connection, list)).flat() };
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

async function charsets(server: TrialServer): Promise<Record<string, string[]>> {
  const connection = await connectTo(server);
  try {
    const rows = await rowsOf(
      connection,
      `SELECT CHARACTER_SET_NAME, FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY
       ORDER BY 1, IS_DEFAULT DESC, 2`,
    );
    const found: Record<string, string[]> = {};
    for (const [set = '', collation = ''] of rows) found[set] = [...(found[set] ?? []), collation];
    return found;
  } finally {
    await connection.end();
  }
}

/** MariaDB tells all of it in `information_schema`. */
export const mariadbReader: ParameterReader = {
  port: 3306,
  env: (password) => ({ MARIADB_ROOT_PASSWORD: password }),
  args: ['mariadbd'],
  read,
  charsets,
};
