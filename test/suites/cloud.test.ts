import { testCloud } from '@coffer/core/testing';
import { createManualTime, createTestingCloud } from '@coffer/server/clouds/testing';

// The cloud of Coffer's own tests, as slow as a real one by a clock that the suite turns.
testCloud(
  async () => {
    const time = createManualTime();
    const cloud = createTestingCloud({ time, buildMs: 500, deleteMs: 700, listLagMs: 300 });
    return { cloud, pass: () => time.advance(50) };
  },
  { name: 'our own', projectId: 'some-project' },
);
