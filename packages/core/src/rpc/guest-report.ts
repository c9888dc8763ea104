import { isRecord } from './envelope.ts';
import { guestText, MOST_PARAMETERS, PARAMETER_LENGTH, REASON_LENGTH } from './guest-text.ts';
import type { GuestReport } from './methods.ts';

const STATES = [
  'new',
  'building',
  'healthy',
  'running',
  'restarting',
  'shutdown',
  'crashed',
  'blocked',
  'failed_to_spawn',
] as const;

const isCount = (value: unknown, most = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most;

const namesOf = (value: readonly unknown[]): string[] =>
  value
    .slice(0, MOST_PARAMETERS)
    .flatMap((name) => (typeof name === 'string' ? [guestText(name, PARAMETER_LENGTH)] : []));

function reasonsOf(value: Readonly<Record<string, unknown>>): Record<string, string> {
  const found = Object.entries(value).slice(0, MOST_PARAMETERS);
  return Object.fromEntries(
    found.flatMap(([name, reason]) =>
      typeof reason === 'string' ? [[guestText(name, PARAMETER_LENGTH), guestText(reason, REASON_LENGTH)]] : [],
    ),
  );
}

/** A guest is hostile: only what a report may say gets through, in the lengths that it may have. */
export function parseReport(value: unknown): GuestReport | undefined {
  if (!isRecord(value)) return undefined;
  const state = STATES.find((known) => known === value.state);
  const { agentBuild, protocol, clockMs, detail, driver, revision, restartRequired, rejected, volume, memory } = value;
  if (!state || typeof agentBuild !== 'string' || !isCount(protocol, 65_535) || !isCount(clockMs)) return undefined;
  const report: GuestReport = { state, agentBuild: guestText(agentBuild, 64), protocol, clockMs };
  if (typeof detail === 'string') report.detail = guestText(detail, 1024);
  if (typeof driver === 'string') report.driver = guestText(driver, 64);
  if (isCount(revision, 2 ** 31 - 1)) report.revision = revision;
  if (Array.isArray(restartRequired)) report.restartRequired = namesOf(restartRequired);
  if (isRecord(rejected)) report.rejected = reasonsOf(rejected);
  if (isRecord(volume) && isCount(volume.usedBytes) && isCount(volume.totalBytes)) {
    report.volume = { usedBytes: volume.usedBytes, totalBytes: volume.totalBytes };
  }
  if (isRecord(memory) && isCount(memory.agentRssBytes)) report.memory = { agentRssBytes: memory.agentRssBytes };
  return report;
}
