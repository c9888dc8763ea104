import type { LogFields, Logger } from '@coffer/core';
import { LOG_LEVELS, type LogLevel } from './config.ts';

/** One JSON object a line, as log collectors like them. Errors are shown with their chain of causes. */
export function createJsonLogger(write: (line: string) => void, least: LogLevel, bound: LogFields = {}): Logger {
  const at = (level: LogLevel) => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return () => {};
    return (fields: LogFields, message: string) => {
      write(`${JSON.stringify({ time: new Date().toISOString(), level, ...bound, ...fields, message }, shown)}\n`);
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createJsonLogger(write, least, { ...bound, ...fields }),
  };
}

function shown(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    ...('code' in value && { code: value.code }),
    ...(value.stack && value.name !== 'Problem' && { stack: value.stack }),
    ...(value.cause !== undefined && { cause: shown('', value.cause) }),
  };
}
