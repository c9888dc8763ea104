import type { LogsGroup } from '@coffer/core/driver';
import type { Session } from './mysql-session.ts';
import { sql } from './mysql-sql.ts';
import type { OptionValue } from './option-file.ts';

const FILES = { error: 'error.log', slow_query: 'slow_query.log', general: 'general.log' } as const;

/** Options by which the server writes its logs into a folder. As files alone: as tables they would lie where no tenant may look. */
export function logOptions(folder: string): Readonly<Record<string, OptionValue>> {
  return {
    log_error: `${folder}/${FILES.error}`,
    slow_query_log_file: `${folder}/${FILES.slow_query}`,
    general_log_file: `${folder}/${FILES.general}`,
    log_output: 'FILE',
  };
}

/** The logs of MySQL and MariaDB, in a folder of the data volume; {@link logOptions} makes the server write them there. */
export function mysqlLogs(session: Session, folder: string): LogsGroup {
  const switched = (parameter: string) => ({ on: { [parameter]: true }, off: { [parameter]: false } });
  return {
    sources: () => [
      { name: 'error', path: `${folder}/${FILES.error}` },
      { name: 'slow_query', path: `${folder}/${FILES.slow_query}`, switch: switched('slow_query_log') },
      { name: 'general', path: `${folder}/${FILES.general}`, switch: switched('general_log') },
    ],

    async reopen(op) {
      // Each by its name: a plain FLUSH LOGS would begin a new binary log too. And not for replicas, which have logs of their own.
      await session.use(op.signal, ({ run }) => run(sql`FLUSH NO_WRITE_TO_BINLOG ERROR LOGS, SLOW LOGS, GENERAL LOGS`));
    },
  };
}
