import type { Logger } from '@coffer/core';
import { pino } from 'pino';

/** Lines of JSON on the error stream; the output stream is for what a command was asked for. */
export const createLog = (level: string): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
    },
    pino.destination({ dest: 2, sync: true }),
  );
