import type { Examination } from '../examination.ts';
import type { SchemaState } from '../store/store.ts';

export interface StoreDeps {
  /** Where it is, as people say it: without passwords. */
  place: string;
  /** PostgreSQL's `server_version_num`. */
  version(): Promise<number>;
  schema(): Promise<SchemaState>;
}

const OLDEST_MAJOR = 15;

/** Whether PostgreSQL answers, is new enough, and has this build's schema. */
export async function checkStore({ place, version, schema }: StoreDeps): Promise<Examination> {
  const number = await version();
  const major = Math.floor(number / 10_000);
  const { pending, unknown } = await schema();
  const faults: string[] = [];
  if (major < OLDEST_MAJOR)
    faults.push(
      `PostgreSQL ${major} is too old; ${OLDEST_MAJOR} or newer is needed: \`apt-get install postgresql\`, then \`pg_upgradecluster ${major} main\`.`,
    );
  if (pending.length > 0)
    faults.push(
      `The schema lacks ${pending.join(', ')} of this build; end \`coffer serve\` and start this build's, which adds it.`,
    );
  if (unknown.length > 0)
    faults.push(
      `The schema has ${unknown.join(', ')} of a newer build; run that build: \`npm install @coffer/server@latest\`.`,
    );
  return { facts: `PostgreSQL ${major}.${number % 10_000} at ${place}`, faults };
}
