import type { Sealed, SecretBox } from '@coffer/core';
import type { Examination } from '../examination.ts';

export interface KeysDeps {
  file: string;
  hasFile(): Promise<boolean>;
  /** The master key as a box. @throws Problem for a file that others may read or that has another size. */
  open(): Promise<SecretBox>;
  /** One sealed value of the store and what it is sealed for; undefined when nothing is sealed, or the store cannot be asked. */
  sample(): Promise<{ sealed: Sealed; context: string } | undefined>;
}

/** Whether the master key is there, kept to its owner, and opens what is sealed in the store. */
export async function checkKeys({ file, hasFile, open, sample }: KeysDeps): Promise<Examination> {
  const sealed = await sample();
  if (!(await hasFile())) {
    const fault = sealed
      ? `The master key ${file} is missing, and without it nothing that is sealed in the store opens; restore it from your copy: \`install -m 600 <copy> ${file}\`.`
      : `There is no master key ${file} yet; \`coffer serve\` makes one.`;
    return { facts: file, faults: [fault] };
  }
  const box = await open();
  if (!sealed) return { facts: `${file}, nothing sealed to try it on`, faults: [] };
  try {
    box.open(sealed.sealed, sealed.context);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      facts: file,
      faults: [
        `The master key ${file} is not the one that the store's secrets are sealed under (${why}); restore that one: \`install -m 600 <copy> ${file}\`.`,
      ],
    };
  }
  return { facts: `${file} opens what is sealed in the store`, faults: [] };
}
