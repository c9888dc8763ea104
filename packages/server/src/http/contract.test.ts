import { expect, it } from 'vitest';
import { type Contract, routesOf } from './contract.ts';

const operation = (operationId: string) => ({
  operationId,
  responses: { 200: { $ref: '#/components/responses/Ok' }, 204: {} },
});

const document: Contract = {
  paths: {
    '/a/{id}': { get: operation('showInstance'), parameters: [{ $ref: '#/components/parameters/Id' }] },
    '/a/detail': { get: { ...operation('listInstances'), security: [] } },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
    responses: { Ok: { content: { 'application/json': {} } } },
  },
};

it('tries a literal segment before a parameter, whatever the order in the document', () => {
  const [first, second] = routesOf(document, (id): id is 'showInstance' => id !== '');
  expect([first?.path, second?.path]).toEqual(['/a/detail', '/a/{id}']);
  expect([first?.isPublic, second?.isPublic]).toEqual([true, false]);
  expect(second?.parameters).toEqual([{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }]);
  expect([...(second?.replies ?? [])]).toEqual([
    [200, '/components/responses/Ok/content/application~1json/schema'],
    [204, undefined],
  ]);
});

it('wants a handler for each operation', () => {
  expect(() => routesOf(document, (id): id is 'showInstance' => id === 'showInstance')).toThrow(
    'no handler for operation listInstances (GET /a/detail)',
  );
});
