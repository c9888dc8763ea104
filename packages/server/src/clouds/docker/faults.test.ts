import { Problem } from '@coffer/core';
import { describe, expect, it } from 'vitest';
import { faultOf, wordsOf } from './faults.ts';
import { ProgramFailure } from './program.ts';

const failure = new ProgramFailure('losetup --find --show /var/lib/c/v.img ended with 1: no free device', false);
const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
const fault = (error: unknown) => faultOf(error, 'coffer/guest:1');

describe('the fault of a server', () => {
  it.each([
    ['a full disk', full, /disk .* is full/],
    ['a full disk that the engine met', new Problem('internal', 'mkdir /var/x: no space left on device'), /is full/],
    ['a missing image', new Problem('not_found', 'No such image: coffer/guest:1'), /guest image coffer\/guest:1/],
    ['a refusing engine', new Problem('internal', 'error gathering device /var/lib/c/v.dev'), /engine refused/],
    ['a failing program', failure, /could not make the server ready/],
  ])('says of %s one sentence without a path of the host', (_, error, sentence) => {
    expect(fault(error)).toMatch(sentence);
    expect(fault(error)).not.toMatch(/\/var|losetup|ENOSPC/);
  });

  it("keeps this cloud's own sentence, and leaves its cause to the log", () => {
    const refused = new Problem('cloud_refused', 'volume v could not be attached', { cause: failure });
    expect(fault(refused)).toBe('volume v could not be attached');
    expect(wordsOf(refused)).toBe(`volume v could not be attached: ${failure.message}`);
  });
});
