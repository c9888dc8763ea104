import type { Health } from '@coffer/core';
import type { HealthReport, PartHealth } from '../services/health.ts';

const partView = (part: PartHealth): Health['store'] =>
  part.isOk ? { status: 'ok' } : { status: 'failed', detail: part.detail };

export const isHealthy = (report: HealthReport): boolean => Object.values(report).every(({ isOk }) => isOk);

export function healthView(report: HealthReport): Health {
  return {
    status: isHealthy(report) ? 'ok' : 'failed',
    store: partView(report.store),
    broker: partView(report.broker),
    cloud: partView(report.cloud),
  };
}
