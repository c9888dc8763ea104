// An instance in a guest with an engine of its own, beside one whose containers run on the machine's engine: time and memory.
// node scripts/run.mjs bench/engines.ts [count]
import { rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine } from '@coffer/core/engine';
import { guestOf } from '../test/support/guest.ts';
import { askForInstance, startBenchCloud, untilActive } from './support/instance.ts';
import { engineOfThisMachine, ROLES, type Weights, weightsBelow } from './support/memory.ts';
import { untilQuery } from './support/query.ts';
import { openSiblings } from './support/siblings.ts';

const MIB = 2 ** 20;
/** As many as a project may have by default. */
const count = Number(process.argv[2] ?? 10);
/** What only the start needed is given back by then. */
const REST_MS = 30_000;

const stop = new AbortController();
const { signal } = stop;
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`${name}: everything made is taken away again`)));
const rest = (ms: number): Promise<void> => sleep(ms, undefined, { signal });
const say = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

interface Figures {
  /** To a user's first query over TCP. */
  createMs: number[];
  /** Load of the machine while each was created. */
  load: number[];
  weights: Weights[];
  /** Written beside the data volume, MiB: the image where it was loaded. */
  diskMib: number[];
}

/** Guests of the docker cloud, as `POST /instances` makes them. */
async function nested(): Promise<Figures> {
  const dataDir = join(tmpdir(), `coffer-bench-${process.pid}`);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(dataDir, { recursive: true, force: true }));
  const cloud = await startBenchCloud(dataDir, 224);
  undo.defer(() => cloud.clear());
  const client = await cloud.client();
  const ids: string[] = [];
  const figures: Figures = { createMs: [], load: [], weights: [], diskMib: [] };
  while (ids.length < count) {
    const began = performance.now();
    const { id, user, password } = await askForInstance(client);
    const host = await untilActive(client, id, signal);
    await untilQuery({ host, user, password }, { signal });
    figures.createMs.push(performance.now() - began);
    figures.load.push(loadavg()[0] ?? Number.NaN);
    ids.push(id);
    say(`nested ${ids.length}: ${Math.round(figures.createMs.at(-1) ?? 0)} ms`);
  }
  await rest(REST_MS);
  const guests = await Promise.all(ids.map(guestOf));
  for (const { name } of guests) {
    const pid = (await createEngine().containers.inspect(name))?.State.Pid;
    if (!pid) throw new Error(`guest ${name} does not run`);
    figures.weights.push(weightsBelow(pid));
  }
  for (const guest of guests)
    figures.diskMib.push(Number((await guest.shell('du -smx /var/lib/docker')).split('\t')[0]));
  return figures;
}

/** Database and sandbox on this machine's engine; an equal share of what that grew by counts as theirs. */
async function sibling(): Promise<Figures & { groundMs: number[] }> {
  await using undo = new AsyncDisposableStack();
  const siblings = await openSiblings(undo, '10.225.255');
  const engineBefore = engineOfThisMachine();
  const made: Awaited<ReturnType<typeof siblings.create>>[] = [];
  const figures: Figures = { createMs: [], load: [], weights: [], diskMib: [] };
  while (made.length < count) {
    signal.throwIfAborted();
    const one = await siblings.create(signal);
    await untilQuery(one.login, { signal });
    figures.createMs.push(performance.now() - one.startedAt);
    figures.load.push(loadavg()[0] ?? Number.NaN);
    made.push(one);
    say(`sibling ${made.length}: ${Math.round(figures.createMs.at(-1) ?? 0)} ms`);
  }
  await rest(REST_MS);
  const share = (engineOfThisMachine() - engineBefore) / count;
  say(`the machine's engine grew by ${share.toFixed(1)} MiB for each`);
  for (const one of made) {
    const weights = await one.weights();
    figures.weights.push({ ...weights, engine: weights.engine + share });
    figures.diskMib.push((await one.writtenBytes()) / MIB);
  }
  return { ...figures, groundMs: made.map(({ groundMs }) => groundMs) };
}

const whole = (value: number): number => Math.round(value * 10) / 10;
const total = (weights: Weights): number => ROLES.reduce((sum, role) => sum + weights[role], 0);
/** Least, median and most. */
function spread(values: number[], digits = 0): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    .map((value) => (value ?? Number.NaN).toFixed(digits))
    .join(' / ');
}

const inGuests = await nested();
const onOne = await sibling();
const both = (name: string, of: (figures: Figures) => number[], digits = 0) =>
  console.log(`| ${name} | ${spread(of(inGuests), digits)} | ${spread(of(onOne), digits)} |`);

console.log(`\n| ${count} of each: min / median / max | nested engine | sibling |\n| --- | --: | --: |`);
both('create → a user’s first query over TCP, ms', ({ createMs }) => createMs);
for (const role of ROLES) both(`memory (PSS), MiB: ${role}`, ({ weights }) => weights.map((of) => of[role]), 1);
both('memory (PSS), MiB: all', ({ weights }) => weights.map(total), 1);
both('disk beside the data volume, MiB', ({ diskMib }) => diskMib, 1);
both('load of the machine', ({ load }) => load, 1);
console.log(`
The sibling’s time begins with its agent: the cloud’s part before it, volume and interface, took ${spread(onOne.groundMs)} ms here.
What siblings give up: the boundary around an instance (each agent holds the socket of the one engine, and so the whole machine),
engines that fail and restart one by one (a restart of the one engine ends every database), and a guest like those of other clouds.`);
const rounded = (figures: Figures) => ({
  ...figures,
  createMs: figures.createMs.map(Math.round),
  weights: figures.weights.map((of) => Object.fromEntries(ROLES.map((role) => [role, whole(of[role])]))),
  diskMib: figures.diskMib.map(whole),
});
console.log(`\n${JSON.stringify({ nested: rounded(inGuests), sibling: rounded(onOne) })}`);
