/** Short names for the generated wire types. */
import type { components, operations, paths } from './schema.gen.ts';

type Schemas = components['schemas'];

export type Paths = paths;
export type Operations = operations;
export type OperationId = keyof Operations;

/** What a client sends: `Body<'createInstance'>`. `undefined` where nothing is sent. */
export type Body<Id extends OperationId> = Operations[Id] extends {
  requestBody: { content: { 'application/json': infer Content } };
}
  ? Content
  : undefined;

type Responses<Id extends OperationId> = Operations[Id]['responses'];

/** Every status that an operation may answer with. */
export type Status<Id extends OperationId> = keyof Responses<Id> & number;

/** What the server answers: `Reply<'createInstance', 200>`. `undefined` where the answer is empty. */
export type Reply<Id extends OperationId, Code extends Status<Id>> = Responses<Id>[Code] extends {
  content: infer Content;
}
  ? Content[keyof Content]
  : undefined;

type Parameters<Id extends OperationId> = Operations[Id]['parameters'];

/** Parameters in the path: `PathParameters<'showInstance'>`. */
export type PathParameters<Id extends OperationId> = NonNullable<Parameters<Id>['path']>;

/** Parameters in the query: `QueryParameters<'listInstances'>`. */
export type QueryParameters<Id extends OperationId> = NonNullable<Parameters<Id>['query']>;

export type Schema<Name extends keyof Schemas> = Schemas[Name];

export type ApiVersion = Schemas['ApiVersion'];
export type Database = Schemas['Database'];
export type Datastore = Schemas['Datastore'];
export type DatastoreVersion = Schemas['DatastoreVersion'];
export type Flavor = Schemas['Flavor'];
export type Health = Schemas['Health'];
export type Instance = Schemas['Instance'];
export type InstanceSummary = Schemas['InstanceSummary'];
export type Links = Schemas['Links'];
export type NewDatabase = Schemas['NewDatabase'];
export type NewInstance = Schemas['NewInstance'];
export type NewUser = Schemas['NewUser'];
export type NextLinks = Schemas['NextLinks'];
export type User = Schemas['User'];
