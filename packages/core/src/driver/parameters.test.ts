import { describe, expect, it } from 'vitest';
import { checkParameters, isSameValue, type ManifestParameter, parameterFaults } from './index.ts';

const parameter = (changes: Partial<ManifestParameter>): ManifestParameter => ({
  name: 'p',
  type: 'integer',
  restartRequired: false,
  ...changes,
});

const faultOf = (changes: Partial<ManifestParameter>, value: unknown, rules = {}): string | undefined =>
  parameterFaults([parameter(changes)], { p: value }, rules)[0];

describe('parameterFaults', () => {
  it.each<[Partial<ManifestParameter>, unknown, string]>([
    [{}, '5', 'Parameter p cannot be "5": it must be a number.'],
    [{}, true, 'it must be a number'],
    [{}, 1.5, 'it must be a whole number'],
    [{}, Number.NaN, 'it must be a number'],
    [{}, null, 'cannot be null'],
    [{ min: 4, unit: 'ms' }, 3, 'the least is 4 (ms).'],
    [{ max: 4 }, 5, 'the greatest is 4.'],
    [{ type: 'float' }, '1.5', 'it must be a number'],
    [{ type: 'boolean' }, 1, 'it must be true or false'],
    [{ type: 'boolean' }, 'ON', 'it must be true or false'],
    [{ type: 'string' }, 1, 'it must be a text'],
    [{ type: 'string' }, 'a\nb = c', 'it holds a control character'],
    [{ type: 'string' }, 'a\x7f', 'it holds a control character'],
    [{ type: 'string', enum: ['ROW', 'MIXED'] }, 'ROWS', 'it must be one of these: ROW, MIXED.'],
    [{ type: 'string', enum: ['A', 'B'], isList: true }, 'A,C', '"C" is none of its entries: A, B.'],
    [{ operatorOnly: true }, 1, 'Parameter p can be set by the operator only.'],
  ])('says what is wrong with %j = %j', (changes, value, sentence) => {
    expect(faultOf(changes, value)).toContain(sentence);
  });

  it.each<[Partial<ManifestParameter>, unknown]>([
    [{ min: 4, max: 4 }, 4],
    [{ type: 'float' }, 2],
    [{ type: 'string' }, 'a # "b" \\'],
    [{ type: 'string', enum: ['ROW'] }, 'row'],
    [{ type: 'string', enum: ['A', 'B'], isList: true }, ' b, a '],
    [{ type: 'string', enum: ['A'], isList: true }, ''],
  ])('lets %j = %j pass', (changes, value) => {
    expect(faultOf(changes, value)).toBeUndefined();
  });

  it('lets the operator set what is his', () => {
    expect(faultOf({ operatorOnly: true }, 1, { as: 'operator' })).toBeUndefined();
  });

  it('holds a flavor to what it can bear, and nobody without one', () => {
    const pool = { max: 1000, maxByFlavor: { mul: ['memoryMib' as const, 0.5] } };
    const flavor = { memoryMib: 101, vcpus: 1 };
    expect(faultOf(pool, 50, { flavor })).toBeUndefined();
    expect(faultOf(pool, 51, { flavor })).toContain('the greatest is 50 with this flavor');
    expect(faultOf(pool, 51)).toBeUndefined();
    expect(faultOf(pool, 1001, { flavor: { ...flavor, memoryMib: 1e6 } })).toContain('the greatest is 1000.');
  });

  it('names every fault, and what it does not know', () => {
    const faults = parameterFaults([parameter({})], { p: 'x', 'q\n': 1, toString: 1 });
    expect(faults).toHaveLength(3);
    expect(faults[1]).toBe('Parameter "q\\n" is unknown to this version.');
    expect(() => checkParameters([parameter({})], { p: 'x', q: 1 })).toThrow(/p cannot be "x".*"q" is unknown/);
  });
});

describe('isSameValue', () => {
  it.each<[Partial<ManifestParameter>, string | number | boolean, string | number | boolean, boolean]>([
    [{}, 5, 5, true],
    [{}, 5, 6, false],
    [{ step: 8 }, 17, 16, true],
    [{ step: 8 }, 17, 24, false],
    [{ step: 8, roundsUp: true }, 17, 24, true],
    [{ step: 8, roundsUp: true }, 17, 16, false],
    [{ type: 'float' }, 0.1, 0.10000001, true],
    [{ type: 'float' }, 0.1, 0.11, false],
    [{ type: 'string' }, 'a', 'A', false],
    [{ type: 'string', enum: ['ROW'] }, 'row', 'ROW', true],
    [{ type: 'string', enum: ['A', 'B'], isList: true }, 'B, A', 'a,b', true],
    [{ type: 'string', enum: ['A', 'B'], isList: true }, 'A', 'a,b', false],
    [{ type: 'boolean' }, true, false, false],
  ])('%j: %j and %j', (changes, left, right, same) => {
    expect(isSameValue(parameter(changes), left, right)).toBe(same);
  });
});
