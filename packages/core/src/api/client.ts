import createFetchClient, { type Client as FetchClient } from 'openapi-fetch';
import type { paths } from './schema.gen.ts';

type Replace<T, Key extends keyof T, Value> = Omit<T, Key> & Record<Key, Value>;

/** Path parameters of which the client knows the project. */
type KnowsProject<Path extends object> = [Exclude<keyof Path, 'project_id'>] extends [never]
  ? { path?: { project_id?: string } }
  : { path: Omit<Path, 'project_id'> & { project_id?: string } };

type OptionalProject<Operation> = Operation extends {
  parameters: infer Parameters extends { path: { project_id: string } };
}
  ? Replace<Operation, 'parameters', Omit<Parameters, 'path'> & KnowsProject<Parameters['path']>>
  : Operation;

/** The paths of the API, with `project_id` optional. */
export type ClientPaths = {
  [Route in keyof paths]: { [Method in keyof paths[Route]]: OptionalProject<paths[Route][Method]> };
};

/** `client.GET('/v1.0/{project_id}/instances')` and so on; answers are `{ data, error, response }` and never throw for a status. */
export type Client = FetchClient<ClientPaths, `${string}/${string}`>;

export interface ClientOptions {
  /** Where the server is, without `/v1.0`: `https://db.example.org:8779`. */
  baseUrl: string;
  /** What goes into X-Auth-Token: the token, or a function that is asked before each request and may renew it. */
  token: string | (() => string | Promise<string>);
  /** Project of the token; fills `{project_id}` in every path that is not given another. */
  project: string;
  /** Carries the requests. Default: the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A typed client of the API for one project. Makes no request by itself and repeats none. */
export function createClient({ baseUrl, token, project, fetch }: ClientOptions): Client {
  /** openapi-fetch leaves a parameter that it was not given as it stands in the path, and then makes its request by this. */
  class ProjectRequest extends Request {
    constructor(url: string | URL | Request, init?: RequestInit) {
      const filled = typeof url === 'string' ? url.replace('{project_id}', () => encodeURIComponent(project)) : url;
      super(filled, init);
    }
  }
  const client = createFetchClient<ClientPaths>({ baseUrl, Request: ProjectRequest, ...(fetch && { fetch }) });
  client.use({
    async onRequest({ request }) {
      request.headers.set('X-Auth-Token', typeof token === 'string' ? token : await token());
    },
  });
  return client;
}
