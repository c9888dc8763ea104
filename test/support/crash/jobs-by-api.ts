import type { JobKind } from '../../../packages/server/src/worker/job-kind.ts';
import { bundle } from '../../../scripts/openapi.mjs';

/** How a user starts a job of one kind, as the API's document has it. */
export interface JobStart {
  kind: JobKind['kind'];
  method: string;
  /** As in the document: `/v1.0/{project_id}/instances/{instance_id}`. */
  path: string;
  /** The document's own example; absent where nothing is sent. */
  body?: unknown;
  isOnInstance: boolean;
}

/** The parts of an operation that are read here; under a path there are also parameters, which have none of them. */
interface Operation {
  'x-coffer-job'?: string;
  requestBody?: { content: { 'application/json'?: { example?: unknown } } };
}

/** Every operation that the document marks with `x-coffer-job`. */
export function jobStarts(): JobStart[] {
  return Object.entries(bundle().paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, value]) => {
      const operation: Operation = Object(value);
      const kind = operation['x-coffer-job'];
      if (kind === undefined) return [];
      const body = operation.requestBody?.content['application/json']?.example;
      return [
        {
          kind,
          method: method.toUpperCase(),
          path,
          isOnInstance: path.includes('{instance_id}'),
          ...(body !== undefined && { body }),
        },
      ];
    }),
  );
}
