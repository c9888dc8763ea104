import { contract, METHODS } from '../../packages/server/src/http/contract.ts';

/** How a user starts a job of one kind, as the API's document has it. */
export interface JobStart {
  kind: string;
  method: string;
  /** As in the document: `/v1.0/{project_id}/instances/{instance_id}`. */
  path: string;
  /** The document's own example; absent where nothing is sent. */
  body?: unknown;
  isOnInstance: boolean;
}

/** Every operation that the document marks with `x-coffer-job`. */
export function jobStarts(): JobStart[] {
  return Object.entries(contract.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      const kind = operation?.['x-coffer-job'];
      if (kind === undefined) return [];
      const body = operation?.requestBody?.content['application/json']?.example;
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
