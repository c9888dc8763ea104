import { Problem } from '@coffer/core';
import type { DriverContext, Operation } from '@coffer/core/driver';
import { Valkey } from 'iovalkey';

export interface Session {
  /** Commands of one transaction: all of them, or none. @returns their answers, in order */
  ask(op: Operation, ...commands: readonly string[][]): Promise<unknown[]>;
  close(): void;
}

/** What a refusal means to who asked; the words after these are the server's own, and may quote. */
const MEANINGS = [
  [/^(NOAUTH|WRONGPASS)/, 'not_ready', 'the service account may not log in yet'],
  [/^(LOADING|BUSY|MASTERDOWN)/, 'not_ready', 'it is loading its data'],
  [
    /^(MISCONF|ERR .*(Error saving|No space))/i,
    'guest_failed',
    'it cannot write to its disk; make the volume larger or delete data',
  ],
  [/^OOM/, 'guest_failed', 'its memory is used up'],
] as const;

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const said = error instanceof Error ? error.message : '';
  const known = MEANINGS.find(([pattern]) => pattern.test(said));
  if (known) return new Problem(known[1], `Valkey refused: ${known[2]}.`);
  // An answer of the server begins with a word in capitals. The error itself holds the command, and with it passwords: it stays here.
  if (/^[A-Z]{3,} /.test(said)) return new Problem('guest_failed', `Valkey refused: ${said}.`);
  return new Problem('unavailable', 'Valkey does not answer; ask again.');
}

/** The only session of the service. One that was lost is opened anew by the next call. */
export function createSession({ endpoint, serviceAccount }: DriverContext): Session {
  let current: Promise<Valkey> | undefined;

  function forget(): void {
    current?.then((client) => client.disconnect()).catch(() => {});
    current = undefined;
  }

  async function connected(): Promise<Valkey> {
    const at = endpoint();
    const client = new Valkey({
      ...('socketPath' in at ? { path: at.socketPath } : at),
      username: serviceAccount.user,
      password: serviceAccount.password,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      retryStrategy: () => null,
    });
    // Without a listener the loss of an idle session would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  function open(): Promise<Valkey> {
    if (current) return current;
    const opening = connected();
    current = opening;
    const lost = (): void => {
      if (current === opening) current = undefined;
    };
    opening.then((client) => client.once('close', lost), lost);
    return opening;
  }

  async function run(commands: readonly string[][]): Promise<unknown[]> {
    const line = await open();
    const [[verb = '', ...args] = []] = commands;
    if (commands.length === 1) return [await line.call(verb, ...args)];
    const transaction = line.multi();
    for (const [each = '', ...rest] of commands) transaction.call(each, ...rest);
    return ((await transaction.exec()) ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
  }

  return {
    async ask({ signal }, ...commands) {
      const { promise, reject } = Promise.withResolvers<never>();
      const abort = (): void => {
        forget();
        reject(new Problem('timeout', 'The call was ended before Valkey had answered; it may be repeated.'));
      };
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await Promise.race([promise, run(commands)]);
      } catch (error) {
        throw problemOf(error);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    close: forget,
  };
}
