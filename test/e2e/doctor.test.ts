import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Reply } from '@coffer/core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type LocalCloud, runCoffer } from '../../scripts/local-cloud.ts';
import { isRoot } from '../support/root.ts';
import { createInstance, startStack, untilStatus } from '../support/stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

interface Diagnosis {
  ok: boolean;
  checks: { check: string; ok: boolean; facts: string; faults: string[] }[];
  notes: string[];
}

/** Who is not root has none that could be missing. */
const withoutRules = isRoot ? ['cloud'] : [];

let cloud: LocalCloud;
let id: string;

beforeAll(async () => {
  cloud = await startStack();
});
afterAll(() => cloud?.clear());

const inText = (...more: string[]) => {
  const { dataDir, brokerPort } = cloud;
  return runCoffer(['doctor', '--data-dir', dataDir, '--broker-port', String(brokerPort), ...more]);
};

async function doctor(...more: string[]): Promise<Diagnosis & { code: number | null; wrong: Record<string, string> }> {
  const { code, output, errors } = await inText('--json', ...more);
  expect(errors).toBe('');
  const diagnosis: Diagnosis = JSON.parse(output);
  const wrong = diagnosis.checks.filter(({ ok }) => !ok).map(({ check, faults }) => [check, faults.join('\n')]);
  return { ...diagnosis, code, wrong: Object.fromEntries(wrong) };
}

async function why(...more: string[]) {
  const { code, output, errors } = await runCoffer(['instance', 'why', id, '--data-dir', cloud.dataDir, ...more]);
  expect([code, errors]).toEqual([0, '']);
  return output;
}
const whyJson = async (...more: string[]): Promise<Reply<'explainInstance', 200>['why']> =>
  JSON.parse(await why('--json', ...more)).why;

it('explains a create under way and, beside the running server, the instance that came of it', async () => {
  const client = await cloud.client();
  id = (await createInstance(client)).id;
  const { job, reasons } = await whyJson();
  expect(job).toMatchObject({ kind: 'create_instance', state: 'running', step: expect.any(String), attempt: 1 });
  expect(reasons[0]).toMatchObject({ code: 'step_running', message: expect.stringContaining(`\`${job?.step}\``) });

  await untilStatus(client, id, 'ACTIVE');
  const fine = await whyJson();
  expect(fine).toMatchObject({ status: 'ACTIVE', job: null, reasons: [{ code: 'nothing_wrong' }] });
  expect(fine.last_report).not.toBeNull();
  expect(fine.cloud?.server).toMatch(/^[0-9a-f-]{36}$/);
});

it('finds nothing to mend on a cloud that works', async () => {
  const found = await doctor();
  expect(found.wrong).toEqual({});
  expect([found.ok, found.code]).toEqual([true, 0]);
  expect(found.checks.map(({ check }) => check)).toEqual(
    'store broker cloud engine images clocks keys disk'.split(' '),
  );
  const facts = Object.fromEntries(found.checks.map((one) => [one.check, one.facts]));
  expect(facts.cloud).toContain('1 of 1 servers run');
  expect(facts.keys).toContain('opens what is sealed');
  expect(facts.images).toMatch(/[1-9]\d* of \d+ images/);
  expect(found.notes.join()).toContain('Root in a docker guest can reach the host');
});

it('names what is broken, each with the command that mends it', async () => {
  const key = join(cloud.dataDir, 'master.key');
  const owner = await readFile(join(cloud.dataDir, 'cloud/owner'), 'utf8');
  const archive = join(cloud.dataDir, 'coffer_mysql_9.7.tar');
  await writeFile(archive, 'cut off');
  await chmod(key, 0o644);
  if (isRoot) await promisify(execFile)('nft', ['delete', 'table', 'inet', `coffer_${owner}`]);
  const { wrong, code } = await doctor('--guest-image', 'coffer/guest:none', '--images-dir', cloud.dataDir);
  await chmod(key, 0o600);
  expect(code).toBe(1);
  expect(Object.keys(wrong)).toEqual([...withoutRules, 'images', 'keys']);
  if (isRoot) expect(wrong.cloud).toContain('The access rules');
  expect(wrong.images).toContain('coffer/guest:none is not on the engine');
  expect(wrong.images).toContain(
    `Archive ${archive} is not whole: it ends in its middle; save it again: \`docker save`,
  );
  expect(wrong.keys).toContain(`chmod 600 ${key}`);
});

it('says that the store is down, and looks at the rest', async () => {
  const { wrong } = await doctor('--store', 'postgresql://nobody:s3cret@127.0.0.1:1/coffer');
  expect(wrong.store).toContain('The store does not answer');
  expect(wrong.store).not.toContain('s3cret');
  // The rules are still missing from the test before.
  expect(Object.keys(wrong)).toEqual(['store', ...withoutRules]);
});

it('works on without the server, on a store that it starts for the while', async () => {
  await cloud.stop();
  const [{ code, output }, explained] = [await inText(), await why()];
  expect(code).toBe(1);
  expect(output.match(/^\w+(?= +to mend)/gm)).toEqual(['broker', ...withoutRules]);
  expect(output).toContain(`start it: \`coffer serve --data-dir ${cloud.dataDir}\``);
  expect(output).toMatch(/^keys {4}ok: .* opens what is sealed/m);
  expect(explained).toContain(`instance ${id}: ACTIVE`);
  expect(explained).toContain('last report: ');
});
