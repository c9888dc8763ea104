import type { Handlers } from '../http/handlers.ts';
import type { HealthReport } from '../services/health.ts';
import { healthView, isHealthy } from '../views/health.ts';

export function healthRoutes(health: () => Promise<HealthReport>): Handlers<'healthcheck' | 'health'> {
  return {
    healthcheck: () => ({ status: 200, body: 'OK' }),
    health: async () => {
      const report = await health();
      return { status: isHealthy(report) ? 200 : 503, body: healthView(report) };
    },
  };
}
