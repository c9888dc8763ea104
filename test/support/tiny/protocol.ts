import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';

/** What the database answers when it refuses: a word, and a sentence. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Line {
  /** One command out, one answer back. Rejects with a {@link Refusal}, or with any other Error when the line is lost. */
  ask(command: string): Promise<string[][]>;
  readonly isLost: boolean;
  end(): void;
}

type Target = { socketPath: string } | { host: string; port: number };

/** A session to the tiny datastore: commands and answers are lines. */
export async function openLine(target: Target, tls?: { ca: string }): Promise<Line> {
  const to = 'socketPath' in target ? { path: target.socketPath } : target;
  const socket = tls ? connectTls({ ...to, ca: tls.ca }) : createConnection(to);
  const waiting: { resolve(rows: string[][]): void; reject(error: Error): void }[] = [];
  let isLost = false;
  const lose = (error: Error): void => {
    isLost = true;
    for (const one of waiting.splice(0)) one.reject(error);
  };
  socket.on('error', lose);
  socket.on('close', () => lose(new Error('the line was lost')));
  await once(socket, tls ? 'secureConnect' : 'connect');
  const lines = createInterface({ input: socket });
  // It tells the errors of its input once more.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const answer: { rows: string[][] } | { code: string; message: string } = JSON.parse(line);
    const asked = waiting.shift();
    if ('rows' in answer) asked?.resolve(answer.rows);
    else asked?.reject(new Refusal(answer.code, answer.message));
  });
  return {
    get isLost() {
      return isLost;
    },
    ask(command) {
      if (isLost) return Promise.reject(new Error('the line was lost'));
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        socket.write(`${command}\n`);
      });
    },
    end: () => void socket.destroy(),
  };
}

/** A text in a command. */
export const quoted = (text: string): string => JSON.stringify(text);

/** A command's words. @throws Refusal */
export function wordsOf(command: string): string[] {
  const words: string[] = [];
  const rest = command.replaceAll(/\s*("(?:[^"\\]|\\.)*"|[^\s"]+)/gy, (_, word: string) => {
    words.push(word);
    return '';
  });
  if (rest.trim() !== '') throw new Refusal('syntax', 'a quote is not closed');
  return words.map((word) => {
    if (!word.startsWith('"')) return word;
    try {
      return String(JSON.parse(word));
    } catch {
      throw new Refusal('syntax', 'a text is not written as it should be');
    }
  });
}
