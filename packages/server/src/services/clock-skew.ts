/** A report may have waited at the broker for a minute, which looks like a clock that is behind; beyond this it is one. */
export const CLOCK_TOLERANCE_MS = 120_000;

/** How far a clock is from ours and to which side, e.g. `3600 s ahead`. @param skewMs that clock minus ours. */
export const skewWords = (skewMs: number): string =>
  `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead' : 'behind'}`;

/** The words for a guest's clock that is off. @param skewMs null while it has not reported. */
export const clockOff = (skewMs: number | null): string | undefined =>
  skewMs === null || Math.abs(skewMs) <= CLOCK_TOLERANCE_MS ? undefined : skewWords(skewMs);

/** What is wrong with a guest's clock, for whoever can set it. */
export function clockTrouble(skewMs: number | null): string | undefined {
  const off = clockOff(skewMs);
  return off && `The clock of this instance's guest is ${off}; set it by NTP.`;
}
