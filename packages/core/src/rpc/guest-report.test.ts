import { describe, expect, it } from 'vitest';
import { parseReport } from './guest-report.ts';

const plain = { state: 'healthy', agentBuild: '1', protocol: 1, clockMs: 1 };

describe('what a report says of parameters', () => {
  it('gets through as it is', () => {
    const said = { restartRequired: ['a', 'b'], rejected: { c: 'The database refused it.' } };
    expect(parseReport({ ...plain, ...said })).toEqual({ ...plain, ...said });
  });

  it('is held to texts, in numbers and lengths that a row can bear', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `p${index}`);
    const report = parseReport({
      ...plain,
      restartRequired: [...many, 7],
      rejected: { ...Object.fromEntries(many.map((name) => [name, 'x'.repeat(5000)])), ['n'.repeat(200)]: 'x' },
    });
    expect(report?.restartRequired).toHaveLength(500);
    expect(Object.keys(report?.rejected ?? {})).toHaveLength(500);
    expect(report?.rejected?.p0).toHaveLength(512);
    const odd = parseReport({ ...plain, restartRequired: [7, 'a\0b', 'n'.repeat(200)], rejected: { c: 7, d: 'e\0f' } });
    expect(odd).toMatchObject({ restartRequired: ['ab', 'n'.repeat(128)], rejected: { d: 'ef' } });
    expect(odd?.rejected).not.toHaveProperty('c');
    // A column of JSON takes no half of a surrogate pair, sent as such or cut from a whole one.
    const halves = parseReport({ ...plain, restartRequired: ['a\ud800'], rejected: { b: `${'x'.repeat(511)}😀` } });
    expect(halves).toMatchObject({ restartRequired: ['a\ufffd'], rejected: { b: `${'x'.repeat(511)}\ufffd` } });
    expect(parseReport({ ...plain, restartRequired: 'a', rejected: ['b'] })).toEqual(plain);
  });
});
