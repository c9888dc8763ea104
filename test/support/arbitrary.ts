import fc from 'fast-check';
import type { Contract } from '../../packages/server/src/http/contract.ts';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function at(root: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), root);
}

const words = fc.constantFrom(
  'shop',
  'orders',
  'mysql',
  'root',
  'app',
  '1',
  '9.7',
  'utf8mb4',
  '10.0.0.%',
  "o'neill; --",
  'a\0b',
  '😀',
  '\ud800',
  '',
  ' x',
  '10.0.0.0/8',
);
const junk = fc.oneof(
  words,
  fc.integer({ min: -2, max: 20 }),
  fc.constantFrom(null, true, 1.5, 1e30),
  fc.constant([]),
  fc.constant({}),
);

/** Mostly what the schema asks for, now and then anything else. */
function fromSchema(root: Contract, schema: unknown, depth: number): fc.Arbitrary<unknown> {
  const wanted = wantedBy(root, schema, depth);
  return fc.oneof({ weight: 14, arbitrary: wanted }, { weight: 1, arbitrary: junk });
}

function wantedBy(root: Contract, schema: unknown, depth: number): fc.Arbitrary<unknown> {
  if (!isObject(schema)) return junk;
  if (typeof schema.$ref === 'string') return wantedBy(root, at(root, schema.$ref.slice(1)), depth);
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.anyOf)) return fc.oneof(...schema.anyOf.map((one) => wantedBy(root, one, depth)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'integer') return fc.integer({ min: 0, max: 12 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'array') return fc.array(fromSchema(root, schema.items, depth + 1), { maxLength: 3 });
  if (type !== 'object')
    return typeof schema.pattern === 'string' && schema.pattern.includes('{8}') ? fc.oneof(fc.uuid(), words) : words;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const named = Object.fromEntries(
    Object.entries(properties).map(([key, inner]) => [key, fromSchema(root, inner, depth + 1)]),
  );
  // Few at a time: what is asked for all at once is always refused.
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  const chosen = fc.subarray(optional, { maxLength: Math.min(optional.length, depth === 0 ? optional.length : 4) });
  return chosen.chain((keys) =>
    fc.record(Object.fromEntries([...required, ...keys].map((key) => [key, named[key] ?? junk]))),
  );
}

/** Bodies for an operation, as text: by its schema, nearly by it, and no JSON at all. */
export function arbitraryOf(contract: Contract, operation: string): fc.Arbitrary<string> {
  const schema = at(contract, `${operation}/requestBody/content/application~1json/schema`);
  return fc.oneof(
    { weight: 19, arbitrary: fromSchema(contract, schema, 0).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string() },
  );
}
