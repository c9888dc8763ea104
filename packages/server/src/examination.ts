/** What one check saw. */
export interface Examination {
  /** What was looked at, in a few words. */
  facts: string;
  /** A sentence for each thing that is to be mended, with the command that does it. */
  faults: string[];
}
