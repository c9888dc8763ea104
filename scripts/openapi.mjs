// Keeps the contract and what is made from it together.
//   node scripts/openapi.mjs           lints openapi/ and writes packages/core/openapi.json and src/api/schema.gen.ts
//   node scripts/openapi.mjs --check   lints openapi/ and compares with the two files; exits 1 when they differ
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
export const SOURCE = path.join(root, 'openapi');
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const ID = 'https://coffer.invalid/openapi.json';

/**
 * One document out of the folder: path items inlined, everything in schemas/*.yaml hoisted into `components` by its
 * name, all references local.
 * @throws Error with a sentence for a reference that leads nowhere and a name that two files use.
 */
export function bundle(folder = SOURCE) {
  const files = new Map();
  const load = (file) => {
    if (!files.has(file)) files.set(file, parse(readFileSync(file, 'utf8')));
    return files.get(file);
  };
  const relative = (file) => path.relative(folder, file);

  /** The reference's place in the bundle; `#/schemas/Name` of a file in schemas/ is `#/components/schemas/Name`. */
  const localise = (ref, from) => {
    const [name, pointer = ''] = ref.split('#');
    const file = name ? path.resolve(path.dirname(from), name) : from;
    const [kind, entry, ...rest] = pointer.split('/').slice(1);
    const isKnown = rest.length === 0 && entry && path.dirname(file) === path.join(folder, 'schemas');
    if (!isKnown || !load(file)?.[kind]?.[entry]) throw new Error(`${relative(from)}: reference ${ref} leads nowhere`);
    return `#/components/${kind}/${entry}`;
  };
  const rewrite = (node, from) => {
    if (Array.isArray(node)) return node.map((item) => rewrite(item, from));
    if (node === null || typeof node !== 'object') return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string' ? localise(value, from) : rewrite(value, from),
      ]),
    );
  };

  const entry = path.join(folder, 'openapi.yaml');
  const { paths, components: own, ...head } = load(entry);
  const components = { schemas: {}, responses: {}, parameters: {}, headers: {}, ...own };
  for (const name of readdirSync(path.join(folder, 'schemas')).sort()) {
    const file = path.join(folder, 'schemas', name);
    for (const [kind, entries] of Object.entries(load(file)))
      for (const [key, value] of Object.entries(entries)) {
        if (components[kind]?.[key]) throw new Error(`schemas/${name}: ${kind}/${key} is also in another file`);
        components[kind] = { ...components[kind], [key]: rewrite(value, file) };
      }
  }
  const items = {};
  for (const [route, { $ref }] of Object.entries(paths)) {
    const [name, pointer = ''] = $ref.split('#/');
    const file = path.join(folder, name);
    const item = load(file)?.[pointer];
    if (!item) throw new Error(`openapi.yaml: ${route}: reference ${$ref} leads nowhere`);
    items[route] = rewrite(item, file);
  }
  return { ...head, paths: items, components };
}

/** A key as one step of a JSON pointer in a URI fragment. */
const token = (key) => encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'));

/** Everything in the document that is called `name`, with its pointer; examples are not looked into. */
function* find(node, name, pointer = '') {
  if (node === null || typeof node !== 'object') return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'example' || key === 'examples') continue;
    // A property that happens to have the name is no keyword.
    if (key === name && !pointer.endsWith('/properties')) yield [value, `${pointer}/${token(key)}`];
    yield* find(value, name, `${pointer}/${token(key)}`);
  }
}

const follow = (document, node) =>
  node?.$ref
    ? node.$ref
        .slice(2)
        .split('/')
        .reduce((at, key) => at?.[key], document)
    : node;

function* lintOperations(document) {
  const ids = new Map();
  for (const [route, item] of Object.entries(document.paths))
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const where = `${method.toUpperCase()} ${route}`;
      for (const key of ['operationId', 'summary', 'description', 'tags'])
        if (!operation[key]?.length) yield `${where} has no ${key}`;
      for (const tag of operation.tags ?? [])
        if (!document.tags.some(({ name }) => name === tag)) yield `${where}: tag ${tag} is not in openapi.yaml`;
      const other = ids.get(operation.operationId);
      if (other) yield `${where}: operationId ${operation.operationId} is also that of ${other}`;
      ids.set(operation.operationId, where);

      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((node) =>
        follow(document, node),
      );
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      const inRoute = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      if (inPath.toSorted().join() !== inRoute.toSorted().join())
        yield `${where}: its path has {${inRoute}}, its parameters {${inPath}}`;

      const isPublic = operation.security?.length === 0;
      const needed = [...(isPublic ? [] : ['401']), ...(operation.requestBody ? ['400', '413', '415'] : [])];
      for (const status of needed) if (!operation.responses[status]) yield `${where} does not list ${status}`;
      const canFail = !isPublic || parameters.length > 0 || operation.requestBody;
      if (canFail && !Object.keys(operation.responses).some((status) => status.startsWith('4')))
        yield `${where} lists no 4xx`;
    }
}

function* lintSchemas(document, ajv) {
  for (const [properties, pointer] of find(document, 'properties'))
    for (const [name, property] of Object.entries(properties))
      if (!property.description && !follow(document, property)?.description)
        yield `${pointer}/${name} has no description`;
  const named = Object.keys(document.components.schemas).map((name) => `/components/schemas/${name}`);
  for (const pointer of [...named, ...[...find(document, 'schema')].map(([, at]) => at)])
    try {
      ajv.getSchema(`${ID}#${pointer}`);
    } catch (error) {
      yield `${pointer}: ${error.message}`;
    }
}

function* lintExamples(document, ajv) {
  for (const [content, pointer] of find(document, 'content'))
    for (const [type, media] of Object.entries(content)) {
      const at = `${pointer}/${token(type)}`;
      const examples = Object.values(media.examples ?? {}).map(({ value }) => value);
      if ('example' in media) examples.push(media.example);
      if (examples.length === 0) yield `${at} has no example`;
      const validate = ajv.getSchema(`${ID}#${at}/schema`);
      for (const example of examples)
        if (!validate(example)) yield `${at}: example${ajv.errorsText(validate.errors, { dataVar: '' })}`;
    }
}

/** What is wrong with the bundled document, one sentence each; empty when nothing is. */
export async function lint(document) {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  if (!valid)
    return [`not OpenAPI ${document.openapi}: ${typeof errors === 'string' ? errors : JSON.stringify(errors)}`];
  // Strict, as the server's validator is: an unknown keyword or a rule that cannot apply is an error.
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, ID);
  const wrong = [...lintOperations(document), ...lintSchemas(document, ajv)];
  return wrong.length > 0 ? wrong : [...lintExamples(document, ajv)];
}

/** What is generated from the document: file name, relative to the project, to content. */
export async function generate(document) {
  // Without defaultNonNullable, fields that have a default would be required of clients.
  const types = astToString(await openapiTS(structuredClone(document), { defaultNonNullable: false, silent: true }));
  return {
    'packages/core/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    'packages/core/src/api/schema.gen.ts': `// Generated from openapi/ by scripts/openapi.mjs; change it there.\n\n${types}`,
  };
}

/** The generated files that are missing or stale. */
export function findStale(files) {
  const read = (name) => {
    try {
      return readFileSync(path.join(root, name), 'utf8');
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return Object.keys(files).filter((name) => read(name) !== files[name]);
}

async function main(isCheck) {
  const document = bundle();
  const wrong = await lint(document);
  if (wrong.length > 0) return wrong.map((sentence) => `openapi: ${sentence}`);
  const files = await generate(document);
  const stale = findStale(files);
  if (isCheck)
    return stale.map((name) => `${name} is not what openapi/ gives; run \`node scripts/openapi.mjs\` and commit it.`);
  for (const name of stale) writeFileSync(path.join(root, name), files[name]);
  console.log(`openapi: ${stale.length > 0 ? `wrote ${stale.join(', ')}` : 'nothing changed'}`);
  return [];
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const wrong = await main(process.argv.includes('--check'));
  for (const sentence of wrong) console.error(sentence);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
