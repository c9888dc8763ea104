import type { LogFields, Logger } from '@coffer/core';

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: LogFields;
}

/** Tells `record` every line from info up, those of its children too. */
export function recordingLogger(record: (line: LogLine) => void): Logger {
  const say = (level: LogLine['level']) => (fields: LogFields, message: string) => record({ level, message, fields });
  const logger: Logger = {
    debug() {},
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger,
  };
  return logger;
}
