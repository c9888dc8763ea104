import type { Handlers } from '../http/handlers.ts';
import type { MetricsService } from '../services/metrics.ts';
import { metricsView } from '../views/metrics.ts';
import { actorOf } from './context.ts';

export function metricsRoutes(metrics: MetricsService): Handlers<'showMetrics'> {
  return {
    showMetrics: async (call) => {
      const figures = await metrics.show(actorOf(call), call.path.instance_id);
      return { status: 200, body: { metrics: metricsView(figures) } };
    },
  };
}
