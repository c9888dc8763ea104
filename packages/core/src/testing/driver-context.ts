import { randomUUID } from 'node:crypto';
import type { DriverContext, Endpoint } from '../driver/driver.ts';
import { SERVICE_ACCOUNT } from '../driver/names.ts';
import type { Operation } from '../driver/operation.ts';
import { evaluateSizing } from '../driver/sizing.ts';
import type { Logger } from '../log.ts';
import type { ExecOptions, ExecResult } from '../runtime.ts';
import type { DriverTest } from './driver-harness.ts';

/** Recognised wherever it turns up. Letters and digits, as agents draw it: images put it into SQL of their own without quoting. */
export const SERVICE_PASSWORD = 'Svc4k3d9w2m7Zq8x1v6b5n0c';

export interface RecordedContext extends DriverContext {
  /** Log lines of the driver. */
  readonly logged: readonly string[];
  /** Commands that were run in the container, as JSON. */
  readonly commands: readonly string[];
}

function recordingLogger(lines: string[]): Logger {
  const line = (fields: Record<string, unknown>, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: line, info: line, warn: line, error: line, child: () => recordingLogger(lines) };
}

export interface Surroundings {
  endpoint(): Endpoint;
  exec?(command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
}

/** The version that is tested. */
export function versionOf({ factory: { manifest }, version }: DriverTest) {
  const found = manifest.versions.find((entry) => (version === undefined ? entry.default : entry.name === version));
  if (!found)
    throw new Error(`the manifest of ${manifest.datastore} has no version ${version ?? 'with default: true'}`);
  return found;
}

/** What an agent would hand to the driver on the smallest flavor that the manifest allows. */
export function recordedContext(test: DriverTest, around: Surroundings): RecordedContext {
  const { manifest } = test.factory;
  const version = versionOf(test);
  const logged: string[] = [];
  const commands: string[] = [];
  return {
    logged,
    commands,
    version: { name: version.name, number: version.number },
    image: test.image ?? version.image,
    settings: evaluateSizing(manifest, { memoryMib: manifest.minMemoryMib, vcpus: 1 }),
    memoryBytes: manifest.minMemoryMib * 1024 ** 2,
    serviceAccount: { user: SERVICE_ACCOUNT, password: SERVICE_PASSWORD },
    serverId: 4_071,
    endpoint: around.endpoint,
    async exec(command, options) {
      commands.push(JSON.stringify(command));
      return around.exec ? around.exec(command, options) : { exitCode: 0, stdout: '', stderr: '' };
    },
    log: recordingLogger(logged),
  };
}

/** An operation with a deadline of its own, so that a driver that hangs fails its check and not the run. */
export function operation(timeoutMs = 15_000, signal?: AbortSignal): Operation {
  const deadline = AbortSignal.timeout(timeoutMs);
  return { id: randomUUID(), signal: signal ? AbortSignal.any([deadline, signal]) : deadline };
}

/** Calls again until the result is wanted. @throws Error with the last result once the time is over */
export async function until<T>(
  what: string,
  timeoutMs: number,
  get: () => Promise<T>,
  isWanted: (value: T) => boolean,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await get();
    if (isWanted(value)) return value;
    if (Date.now() > end)
      throw new Error(`${what} did not come within ${timeoutMs} ms; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
