import type { OperationId } from '@coffer/core';
import document from '@coffer/core/openapi.json' with { type: 'json' };

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';

interface Reference {
  $ref?: string;
}

interface Media {
  schema?: unknown;
  example?: unknown;
}

interface Response extends Reference {
  description?: string;
  content?: Record<string, Media>;
}

interface Parameter extends Reference {
  name?: string;
  in?: string;
  required?: boolean;
  schema?: Record<string, unknown>;
}

interface Operation {
  operationId?: string;
  /** Kind of the job that the operation starts, where it starts one. */
  'x-coffer-job'?: string;
  security?: readonly unknown[];
  parameters?: readonly Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
}

type PathItem = { [M in Method]?: Operation } & { parameters?: readonly Parameter[] };

/** The parts of an OpenAPI 3.1 document, bundled, that the server reads. */
export interface Contract {
  paths: Record<string, PathItem>;
  components: { parameters?: Record<string, Parameter>; responses?: Record<string, Response> };
}

/** One operation as the server mounts it. */
export interface Route {
  id: OperationId;
  method: Method;
  /** As in the document: `/v1.0/{project_id}/instances`. */
  path: string;
  /** JSON pointer of the operation in the document. */
  pointer: string;
  parameters: readonly { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  /** Whether a body is read, and whether there must be one. */
  body: 'none' | 'optional' | 'required';
  /** Whether it is answered without a token. */
  isPublic: boolean;
  /** Pointer of the JSON schema of each documented status; undefined for an answer without a JSON body. */
  replies: ReadonlyMap<number, string | undefined>;
}

export const contract: Contract = document;

export const METHODS: readonly Method[] = ['get', 'head', 'post', 'put', 'patch', 'delete'];

export const escapePointer = (key: string): string =>
  encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));

const lastSegment = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

function repliesOf(from: Contract, operation: Operation, pointer: string): Map<number, string | undefined> {
  return new Map(
    Object.entries(operation.responses).map(([status, given]) => {
      const shared = given.$ref === undefined ? undefined : lastSegment(given.$ref);
      const response = shared === undefined ? given : from.components.responses?.[shared];
      const at = shared === undefined ? `${pointer}/responses/${status}` : `/components/responses/${shared}`;
      const isJson = response?.content?.['application/json'] !== undefined;
      return [Number(status), isJson ? `${at}/content/application~1json/schema` : undefined];
    }),
  );
}

function parametersOf(from: Contract, item: PathItem, operation: Operation): Route['parameters'] {
  return [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((given) => {
    const parameter = given.$ref === undefined ? given : from.components.parameters?.[lastSegment(given.$ref)];
    if (!parameter?.name || !parameter.in) throw new Error(`the document has no parameter ${given.$ref ?? given.name}`);
    return {
      name: parameter.name,
      in: parameter.in,
      required: parameter.required ?? false,
      schema: parameter.schema ?? {},
    };
  });
}

/** Literal segments before parameters, so that `/instances/detail` is not taken for an instance. */
function byPrecedence(a: Route, b: Route): number {
  const rank = (route: Route) =>
    route.path
      .split('/')
      .map((segment) => (segment.startsWith('{') ? 1 : 0))
      .join('');
  return rank(a).localeCompare(rank(b));
}

/** Every operation of the document, in the order in which paths are to be tried. */
export function routesOf(from: Contract, isOperation: (id: string) => id is OperationId): Route[] {
  const routes = Object.entries(from.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method): Route[] => {
      const operation = item[method];
      if (!operation) return [];
      const id = operation.operationId ?? '';
      if (!isOperation(id)) throw new Error(`no handler for operation ${id} (${method.toUpperCase()} ${path})`);
      const pointer = `/paths/${escapePointer(path)}/${method}`;
      return [
        {
          id,
          method,
          path,
          pointer,
          parameters: parametersOf(from, item, operation),
          body: operation.requestBody ? (operation.requestBody.required ? 'required' : 'optional') : 'none',
          isPublic: operation.security?.length === 0,
          replies: repliesOf(from, operation, pointer),
        },
      ];
    }),
  );
  return routes.sort(byPrecedence);
}
