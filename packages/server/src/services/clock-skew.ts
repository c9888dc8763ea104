/** A report may have waited at the broker for a minute, which looks like a clock that is behind; beyond this it is one. */
export const CLOCK_TOLERANCE_MS = 120_000;

/** What is wrong with a guest's clock, for whoever can set it. @param skewMs the guest's clock minus ours. */
export function clockTrouble(skewMs: number | null): string | undefined {
  if (skewMs === null || Math.abs(skewMs) <= CLOCK_TOLERANCE_MS) return undefined;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return `The clock of this instance's guest is ${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}; set it by NTP.`;
}
