import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SizingRule } from './manifest.ts';
import { evaluateSizing } from './sizing.ts';

const evaluate = (sizing: SizingRule[], memoryMib = 1000, vcpus = 2) =>
  evaluateSizing({ datastore: 'sample', sizing }, { memoryMib, vcpus });

describe('sizing', () => {
  it('computes every operator and rounds down once, at the end', () => {
    const value = (expression: SizingRule['value']) => evaluate([{ parameter: 'p', value: expression }]).p;
    expect(value(7.9)).toBe(7);
    expect(value('memoryMib')).toBe(1000);
    expect(value('vcpus')).toBe(2);
    expect(value({ add: ['memoryMib', 'vcpus', 1] })).toBe(1003);
    expect(value({ sub: ['memoryMib', 1] })).toBe(999);
    expect(value({ mul: ['memoryMib', 0.7] })).toBe(700);
    expect(value({ mul: [{ div: ['memoryMib', 3] }, 3] })).toBe(1000);
    expect(value({ min: [5, 'vcpus'] })).toBe(2);
    expect(value({ max: [5, 'vcpus'] })).toBe(5);
    expect(value('ON')).toBe('ON');
    expect(value(false)).toBe(false);
  });

  it('takes the first rule whose bound holds', () => {
    const rules: SizingRule[] = [
      { parameter: 'p', belowMemoryMib: 512, value: 1 },
      { parameter: 'p', belowMemoryMib: 1024, value: 2 },
      { parameter: 'p', value: 3 },
      { parameter: 'q', belowMemoryMib: 512, value: 1 },
    ];
    expect(evaluate(rules, 511)).toEqual({ p: 1, q: 1 });
    expect(evaluate(rules, 512)).toEqual({ p: 2 });
    expect(evaluate(rules, 1024)).toEqual({ p: 3 });
  });

  it('names the parameter when there is no finite result', () => {
    expect(() => evaluate([{ parameter: 'p', value: { div: [1, { sub: ['vcpus', 2] }] } }])).toThrow(/parameter p /);
  });

  it('gives whole numbers for every flavor', () => {
    const sizing: SizingRule[] = [{ parameter: 'p', value: { max: [32, { div: [{ sub: ['memoryMib', 256] }, 2] }] } }];
    fc.assert(
      fc.property(fc.nat(1 << 20), fc.nat(256), (memoryMib, vcpus) => {
        expect(evaluate(sizing, memoryMib, vcpus).p).toBe(Math.max(32, Math.floor((memoryMib - 256) / 2)));
      }),
    );
  });
});
