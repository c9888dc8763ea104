import { type LightGuest, startLightGuest } from '../../test/support/scale/guest.ts';
import type { FromGuests, ToGuests } from './scale-messages.ts';

const guests: LightGuest[] = [];
const tell = (message: FromGuests) => process.send?.(message);

process.on('disconnect', () => process.exit());
process.on('message', async (message: ToGuests) => {
  if ('count' in message) return tell({ counted: guests.reduce((sum, guest) => sum + guest.reports, 0) });
  if ('guest' in message) {
    const guest = await startLightGuest(message.guest);
    guests.push(guest);
    return tell({ enrolled: guest.instanceId });
  }
  if ('reporting' in message) {
    for (const guest of guests) guest.setReporting(message.reporting);
    return;
  }
  await Promise.all(guests.map((guest) => guest.reportTimes(message.flood)));
  tell({ flooded: true });
});
