import { Problem } from '@coffer/core';
import type { ParameterValue, Settings } from '@coffer/core/driver';

/** A value as the server shows it in `pg_file_settings`. */
export function fileText(value: ParameterValue): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}

/**
 * Lines of `postgresql.conf`; of a parameter given twice the last one counts there.
 * @throws Problem `bad_request` for a name or value that would say something else than one parameter
 */
export function conf(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => {
      if (!/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$/i.test(name))
        throw new Problem('bad_request', `parameter ${JSON.stringify(name)} is not a name of one`);
      const text = fileText(value);
      // A line break would begin another parameter.
      if ([...text].some((character) => character < ' ' || character === '\x7f'))
        throw new Problem('bad_request', `parameter ${name} holds a control character; leave it out`);
      // Inside the quotes backslashes are escapes.
      return `${name} = '${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`;
    })
    .join('');
}
