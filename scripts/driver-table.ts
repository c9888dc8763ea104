// The table of drivers: what their manifests say, and what the suite has said of them.
// `vitest run test/drivers --reporter=json --outputFile=run.json`, then `node --conditions=@coffer/source scripts/driver-table.ts run.json`; reports of
// `coffer-driver test --json` are taken too.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DriverReport } from '@coffer/core/driver-suite';

const root = join(import.meta.dirname, '..');
const DATA = join(root, 'docs/drivers.json');
const PAGE = join(root, 'docs/drivers.md');

/** What is kept of a run. */
interface Run {
  datastore: string;
  version: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

interface Manifest {
  datastore: string;
  title: string;
  versions: { name: string; number: string }[];
  groups: string[];
}

interface VitestRun {
  testResults: { assertionResults: { ancestorTitles: string[]; status: string; duration?: number | null }[] }[];
}

const isReport = (value: DriverReport | VitestRun): value is DriverReport => 'datastore' in value;

/** The runs in a report, of either kind. */
function runsOf(value: DriverReport | VitestRun): Run[] {
  if (isReport(value)) {
    const { datastore, version, passed, failed, skipped, ms } = value;
    return [{ datastore, version, passed, failed, skipped, seconds: Math.round(ms / 1000) }];
  }
  const runs = new Map<string, Run & { ms: number }>();
  for (const { ancestorTitles, status, duration } of value.testResults.flatMap((file) => file.assertionResults)) {
    const [, datastore, version] = /^driver (\S+) (\S+)$/.exec(ancestorTitles[0] ?? '') ?? [];
    if (datastore === undefined || version === undefined) continue;
    const fresh = { datastore, version, passed: 0, failed: 0, skipped: 0, seconds: 0, ms: 0 };
    const run = runs.get(`${datastore} ${version}`) ?? fresh;
    if (status === 'passed') run.passed += 1;
    else if (status === 'failed') run.failed += 1;
    else run.skipped += 1;
    run.ms += duration ?? 0;
    runs.set(`${datastore} ${version}`, run);
  }
  return [...runs.values()].map(({ ms, ...run }) => ({ ...run, seconds: Math.round(ms / 1000) }));
}

const nameOf = ({ datastore, version }: Run): string => `${datastore} ${version}`;

/** Lines that are neither blank nor comment, tests and data left out. */
export function linesOf(folder: string): number {
  const files = globSync('*.ts', { cwd: folder }).filter((file) => !/\.test\.ts$|^suite\.ts$/.test(file));
  const lines = files.flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));
  return lines.filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line)).length;
}

/** The page as manifests and runs make it. */
export function driverPage(runs: readonly Run[]): string {
  const folders = globSync(['packages/drivers/src/*/manifest.json', 'examples/*/manifest.json'], { cwd: root })
    .map((file) => join(root, dirname(file)))
    .toSorted();
  const rows = folders.flatMap((folder) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    return manifest.versions.map(({ name }) => {
      const run = runs.find((one) => nameOf(one) === `${manifest.datastore} ${name}`);
      const result = run
        ? [`${run.passed}`, `${run.failed}`, `${run.skipped}`, `${run.seconds} s`]
        : ['not run here', '', '', ''];
      return [manifest.title, name, manifest.groups.join(', '), ...result, `${linesOf(folder)}`];
    });
  });
  const head = ['datastore', 'version', 'groups', 'checks passed', 'failed', 'not applicable', 'suite', 'lines'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return `# Drivers

Made by \`scripts/driver-table.ts\` of the manifests and of the suite's last runs; a test compares it. Lines are those of a driver's own
folder, without blanks, comments, tests and data. Times are of a machine of two cores that had other work too.

${[line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')}
`;
}

export const runsSoFar = (): Run[] => (existsSync(DATA) ? JSON.parse(readFileSync(DATA, 'utf8')) : []);

if (process.argv[1] === import.meta.filename) {
  const runs = new Map(runsSoFar().map((run) => [nameOf(run), run]));
  for (const file of process.argv.slice(2))
    for (const run of runsOf(JSON.parse(readFileSync(file, 'utf8')))) runs.set(nameOf(run), run);
  const sorted = [...runs.values()].toSorted((left, right) => nameOf(left).localeCompare(nameOf(right), 'en'));
  writeFileSync(DATA, `${JSON.stringify(sorted, null, 2)}\n`);
  writeFileSync(PAGE, driverPage(sorted));
}
