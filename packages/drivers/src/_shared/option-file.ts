import { Problem } from '@coffer/core';

export type OptionValue = string | number | boolean;

/** Option files read backslashes as escapes and `#` as a comment; in quotes only the former. */
function rendered(name: string, value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'ON' : 'OFF';
  const text = String(value);
  // A line break would begin another option.
  if ([...text].some((character) => character < ' ' || character === '\x7f')) {
    throw new Problem('bad_request', `parameter ${name} holds a control character; leave it out`);
  }
  return /^[A-Za-z0-9_.,:/+*-]*$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * An option file of MySQL or MariaDB; of an option given twice the last one counts there.
 * @throws Problem `bad_request` for a name or value that would say something else than one option
 */
export function optionFile(section: string, options: Readonly<Record<string, OptionValue>>): string {
  const lines = Object.entries(options).map(([name, value]) => {
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      throw new Problem('bad_request', `parameter ${JSON.stringify(name)} is not a name of an option`);
    return `${name} = ${rendered(name, value)}`;
  });
  return `[${section}]\n${lines.join('\n')}\n`;
}
