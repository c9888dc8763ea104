import { testCloud } from '../packages/core/src/testing/cloud-suite.ts';
import { createManualTime, createTestingCloud } from '../packages/server/src/clouds/testing/index.ts';

testCloud(
  async () => {
    const time = createManualTime();
    const cloud = createTestingCloud({ time, buildMs: 500, deleteMs: 700, listLagMs: 300, detachMs: 100 });
    return { cloud, pass: () => time.advance(50) };
  },
  { name: 'testing' },
);
