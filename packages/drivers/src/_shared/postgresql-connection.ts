import { Socket } from 'node:net';
import type { Endpoint } from '@coffer/core/driver';
import { Client, type QueryArrayConfig, type QueryArrayResult } from 'pg';
import { cleanError } from './postgresql-errors.ts';
import type { Statement } from './postgresql-sql.ts';
import { abortable } from './turns.ts';

/** Columns as the server writes them: text, or null. */
export type Row = readonly unknown[];

export interface ConnectionOptions {
  /** Display name of the database, for messages. */
  title: string;
  endpoint(): Endpoint;
  user: string;
  password: string;
}

export interface Opening {
  database: string;
  /** Parameters that this connection begins with, whatever its database or role would have it begin with. */
  startup?: Readonly<Record<string, string | number>>;
  /** Called once it is over, however it came to that. */
  onEnd?: () => void;
}

export interface Connection {
  /**
   * Sends statements in one message; several are one transaction.
   * @returns rows of the last one
   * @throws ServerError or ConnectionError, or the Problem of the signal; then the statement may still be at work
   */
  query(signal: AbortSignal, statements: readonly Statement[]): Promise<Row[]>;
  /** Ends it at once, in the middle of a statement too. */
  destroy(): void;
  end(): Promise<void>;
}

/** A socket that connects to the endpoint, whatever address it is told: pg knows a Unix socket by a name of its own making alone. */
function socketTo(endpoint: Endpoint): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  socket.connect = () => connect('socketPath' in endpoint ? { path: endpoint.socketPath } : endpoint);
  return socket;
}

/** Logs in. */
export async function openConnection(
  { title, endpoint, user, password }: ConnectionOptions,
  { database, startup = {}, onEnd = () => {} }: Opening,
  signal: AbortSignal,
): Promise<Connection> {
  const socket = socketTo(endpoint());
  const client = new Client({
    stream: () => socket,
    // Told in full: what is not told, pg looks for in the environment.
    host: 'localhost',
    user,
    password,
    database,
    ssl: false,
    options: Object.entries(startup)
      .map(([name, value]) => `-c ${name}=${String(value).replaceAll(' ', '\\ ')}`)
      .join(' '),
    application_name: 'coffer',
    client_encoding: 'UTF8',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser: () => (value: unknown) => value },
  });
  // The end of an idle session comes as an event; without a listener an error would end the process.
  client.on('error', onEnd);
  client.on('end', onEnd);
  try {
    await abortable<void>(signal, title, (resolve, reject) => {
      client.connect((error: unknown) => (error ? reject(cleanError(error, true)) : resolve()));
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }

  return {
    query(until, statements) {
      const config: QueryArrayConfig = { text: statements.map(({ text }) => text).join(';\n'), rowMode: 'array' };
      const isSecret = statements.some((statement) => statement.isSecret);
      return abortable(until, title, (resolve, reject) => {
        void client.query(config, (error: unknown, result: QueryArrayResult | QueryArrayResult[]) => {
          if (error) reject(cleanError(error, isSecret));
          else resolve([result].flat().at(-1)?.rows ?? []);
        });
      });
    },
    destroy: () => void socket.destroy(),
    end: () => client.end().catch(() => {}),
  };
}
