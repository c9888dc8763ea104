import { expect, it, onTestFinished } from 'vitest';
import { startFaultWorld } from '../support/fault-world.ts';
import { testDatabase } from '../support/postgres.ts';
import { storedRelay } from '../support/relay.ts';

const HOUR_MS = 3_600_000;

it.each([
  { word: 'ahead', guestClockMs: HOUR_MS },
  { word: 'behind', guestClockMs: -HOUR_MS },
])('a guest whose clock is an hour $word works, and is shown with it', async ({ word, guestClockMs }) => {
  const database = await testDatabase();
  onTestFinished(() => database.drop());
  await using world = await startFaultWorld({
    databaseUrl: database.url,
    guestClockMs,
    broker: storedRelay,
  });
  const id = await world.create();
  await world.shows(id, { status: 'ACTIVE', operating_status: 'HEALTHY' });
  expect(await world.get(`/v1.0/{project}/instances/${id}/databases`)).toMatchObject({ status: 200 });
  const says = new RegExp(`clock of this instance's guest is 3[56]\\d\\d s ${word}`);
  await world.shows(id, { fault: expect.objectContaining({ message: expect.stringMatching(says) }) });
  await world.until(() =>
    expect(world.troubles()).toEqual({
      'the clocks of these guests are off; they work, and their databases write wrong times': 1,
    }),
  );
});
