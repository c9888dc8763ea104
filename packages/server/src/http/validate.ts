import { type OperationId, Problem } from '@coffer/core';
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { type Contract, contract, type Route } from './contract.ts';

const ID = 'https://coffer.invalid/openapi.json';
const SHOWN_CHARACTERS = 60;

/** Checks one operation's traffic against the document. */
export interface OperationValidator {
  /**
   * Query and header parameters, turned into what their schemas say (`"20"` to 20); those that the document does not know are left out.
   * @throws Problem `bad_request` with a sentence that names the parameter.
   */
  parameters(given: { query: URLSearchParams; headers: Headers }): {
    query: Record<string, unknown>;
    header: Record<string, unknown>;
  };
  /** @throws Problem `bad_request` with a sentence that names the field. Nothing is converted. */
  body(value: unknown): void;
  /** @throws Error when the status is not documented or the body breaks its schema. */
  reply(status: number, value: unknown): void;
}

function plain(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** `/instance/users/0/name` as people write it: `instance.users[0].name`. */
export function fieldName(instancePath: string): string {
  return instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** The value, unless it is a secret or holds one. */
function shown(field: string, value: unknown): string {
  if (/password|secret|token/i.test(field)) return '';
  if (Array.isArray(value)) return '; it is an array';
  if (typeof value === 'object' && value !== null) return '; it is an object';
  return `; it is ${plain(value)}`;
}

function describe(schema: AnySchemaObject | undefined): string | undefined {
  const text: unknown = schema?.description;
  return typeof text === 'string' ? text.split(/\.(?:\s|$)/)[0]?.trim() : undefined;
}

const list = (values: unknown): string =>
  (Array.isArray(values) ? values : [values]).map((value) => plain(value)).join(', ');

function reason(error: ErrorObject): string {
  const { keyword, params, parentSchema } = error;
  switch (keyword) {
    case 'type':
      return `must be of type ${list(params.type).replaceAll('"', '')}`;
    case 'enum':
      return `must be one of ${list(params.allowedValues)}`;
    case 'const':
      return `must be ${plain(params.allowedValue)}`;
    default: {
      const description = describe(parentSchema);
      return `${error.message ?? 'is not valid'}${description === undefined ? '' : ` (${description})`}`;
    }
  }
}

/** One sentence for the first thing that is wrong. An alternative counts as a whole: its parts would read as contradictions. */
export function sentence(errors: readonly ErrorObject[], what: string): string {
  const error = errors.find(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf') ?? errors[0];
  if (!error) return `${what} is not valid.`;
  const field = fieldName(error.instancePath);
  const inside = (key: unknown) => (field === '' ? String(key) : `${field}.${String(key)}`);
  if (error.keyword === 'required') return `${inside(error.params.missingProperty)} is required.`;
  if (error.keyword === 'additionalProperties') {
    return `${field === '' ? what : field} must not have the key ${plain(error.params.additionalProperty)}.`;
  }
  const name = field === '' ? what : field;
  const alternatives = error.keyword === 'anyOf' || error.keyword === 'oneOf';
  const why = alternatives
    ? `must be: ${describe(error.parentSchema) ?? 'one of the documented forms'}`
    : reason(error);
  return `${name} ${why}${shown(name, error.data)}.`;
}

/** ajv compares arrays of objects pair by pair, which lets one large request hold a core for minutes. */
function addLinearUniqueItems(ajv: Ajv2020): void {
  const stable = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, stable(inner)])
      : Array.isArray(value)
        ? ['', value.map(stable)]
        : value;
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not hold the same item twice' },
    validate: (wanted: boolean, items: unknown[]) =>
      !wanted || new Set(items.map((item) => JSON.stringify(stable(item)))).size === items.length,
  });
}

function createAjv(coerceTypes: boolean, from: Contract): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, verbose: true, coerceTypes });
  ajv.addVocabulary(Object.keys(from));
  addLinearUniqueItems(ajv);
  return ajv;
}

/**
 * `validatorFor(route)`: the validator of one operation, compiled when it is first needed.
 * Bodies and parameters have a compiler each, because only parameters are converted.
 */
export function createValidators(from: Contract = contract): (route: Route) => OperationValidator {
  const bodies = createAjv(false, from);
  bodies.addSchema(from, ID);
  const parameters = createAjv(true, from);
  const made = new Map<OperationId, OperationValidator>();

  const at = (pointer: string): ValidateFunction => {
    const validate = bodies.getSchema(`${ID}#${pointer}`);
    if (!validate) throw new Error(`the document has nothing at ${pointer}`);
    return validate;
  };

  function validateParameters(
    route: Route,
    place: 'query' | 'header',
  ): (given: Record<string, unknown>) => Record<string, unknown> {
    const known = route.parameters.filter((parameter) => parameter.in === place);
    const validate = parameters.compile({
      type: 'object',
      properties: Object.fromEntries(known.map(({ name, schema }) => [name, inline(from, schema)])),
      required: known.filter(({ required }) => required).map(({ name }) => name),
    });
    return (given) => {
      const values = Object.fromEntries(
        known.flatMap(({ name }) => (given[name] === undefined ? [] : [[name, given[name]]])),
      );
      if (!validate(values)) throw new Problem('bad_request', sentence(validate.errors ?? [], `the ${place}`));
      return values;
    };
  }

  function create(route: Route): OperationValidator {
    let query: ReturnType<typeof validateParameters> | undefined;
    let header: ReturnType<typeof validateParameters> | undefined;
    return {
      parameters(given) {
        query ??= validateParameters(route, 'query');
        header ??= validateParameters(route, 'header');
        // The first of repeated keys counts.
        const asked = Object.fromEntries([...given.query].reverse());
        const headers = Object.fromEntries(
          route.parameters
            .filter((parameter) => parameter.in === 'header')
            .map(({ name }) => [name, given.headers.get(name) ?? undefined]),
        );
        return { query: query(asked), header: header(headers) };
      },
      body(value) {
        const validate = at(`${route.pointer}/requestBody/content/application~1json/schema`);
        if (!validate(value)) throw new Problem('bad_request', sentence(validate.errors ?? [], 'the body'));
      },
      reply(status, value) {
        if (!route.replies.has(status))
          throw new Error(`${route.id} answers ${status}, which the document does not list`);
        const pointer = route.replies.get(status);
        if (pointer === undefined) {
          if (value !== undefined && typeof value !== 'string')
            throw new Error(`${route.id} answers ${status} with a body that the document does not list`);
          return;
        }
        const validate = at(pointer);
        // As the client will see it: undefined members are gone.
        const sent: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
        if (!validate(sent))
          throw new Error(
            `${route.id} answers ${status} with a body that breaks its schema: ${bodies.errorsText(validate.errors)}`,
          );
      },
    };
  }

  return (route) => {
    const known = made.get(route.id) ?? create(route);
    made.set(route.id, known);
    return known;
  };
}

/** A parameter's schema with its reference followed; parameters refer at most once, to a named schema. */
function inline(from: Contract, schema: Record<string, unknown>): Record<string, unknown> {
  const reference = schema.$ref;
  if (typeof reference !== 'string') return schema;
  let node: unknown = from;
  for (const part of reference.slice(2).split('/')) {
    node = typeof node === 'object' && node !== null ? Object.getOwnPropertyDescriptor(node, part)?.value : undefined;
  }
  if (typeof node !== 'object' || node === null) throw new Error(`the document has nothing at ${reference}`);
  return { ...node };
}
