/** Structured fields of a log line. Secrets never go in. */
export type LogFields = Record<string, unknown>;

/** What Coffer's parts log through. Shaped so that pino's logger satisfies it as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}

/** Says nothing. The default of every library entry: a library has no stdout. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
