import { writeFile } from 'node:fs/promises';
import { Problem } from '@coffer/core';
import { type DriverReport, runDriverSuite } from '@coffer/core/driver-suite';
import { createEngine } from '@coffer/core/engine';
import { createEngineHarness } from './index.ts';
import { loadDriverFolder } from './load.ts';
import { resultLine, summary } from './report.ts';

export interface TestOptions {
  /** Name of the version; the manifest's default one otherwise. */
  datastoreVersion?: string;
  /** Reference of the image; the manifest's for that version otherwise. */
  image?: string;
  /** Address of the container engine. */
  engine?: string;
  /** Where the report goes as JSON. */
  json?: string;
  /** A regular expression over `group: name`. */
  only?: string;
  /** Only what needs no database. */
  contract?: boolean;
}

/** Runs the suite on a driver's folder. @param say is given the report, line by line */
export async function testDriverFolder(
  folder: string,
  { datastoreVersion, image, engine: endpoint, json, only, contract }: TestOptions,
  say: (line: string) => void,
): Promise<DriverReport> {
  const { factory, input } = await loadDriverFolder(folder);
  const at = endpoint === undefined ? {} : { endpoint };
  const isLive = input !== undefined && !contract;
  if (isLive) await needImage(image ?? imageOf(factory.manifest, datastoreVersion), at);
  else if (!contract) say(`${folder} has no suite.ts: only the contract is asked.`);
  const wanted = only === undefined ? /./ : new RegExp(only);
  let group = '';
  const report = await runDriverSuite(
    {
      ...input,
      factory,
      harness: createEngineHarness(at),
      login: input?.login ?? (() => Promise.reject(new Problem('not_supported', 'there is no suite.ts'))),
      ...(datastoreVersion !== undefined && { version: datastoreVersion }),
      ...(image !== undefined && { image }),
    },
    {
      only: (check) => (isLive || check.group === 'contract') && wanted.test(`${check.group}: ${check.name}`),
      onResult(result) {
        if (result.group !== group) say(result.group);
        group = result.group;
        say(resultLine(result));
      },
    },
  );
  say('');
  say(summary(report));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

function imageOf(
  { title, versions }: { title: string; versions: readonly { name: string; image: string; default?: boolean }[] },
  wanted: string | undefined,
): string {
  const found = versions.find((one) => (wanted === undefined ? one.default : one.name === wanted));
  if (found) return found.image;
  const known = versions.map(({ name }) => name).join(', ');
  throw new Problem('not_found', `${title} has no version ${wanted ?? 'with default: true'}; known: ${known}`);
}

/** Once, and not in each check that would start it. */
async function needImage(image: string, at: { endpoint?: string }): Promise<void> {
  if (await createEngine(at).images.inspect(image)) return;
  throw new Problem(
    'not_found',
    `The container engine has no image ${image}; build or pull it, or name another with --image.`,
  );
}
