// What the images of the datastores weigh, and how soon they answer: a first start, one without the prepared data directory, one on
// data that is there. node scripts/run.mjs bench/images.ts [runs]
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine } from '@coffer/core/engine';
import { Client } from 'pg';
import { ensureImages } from '../scripts/images.mjs';
import { imagesFor, isDatabase, RECIPES } from '../scripts/recipes.mjs';
import { median } from './support/figures.ts';
import { untilQuery } from './support/query.ts';

const runs = Number(process.argv[2] ?? 5);
const engine = createEngine();

interface Way {
  /** The variable with the administrator's password. */
  variable: string;
  untilAnswers(host: string, password: string): Promise<void>;
  /** What a first start unpacks lies there; a tmpfs over it hides it. */
  template?: string;
}

async function untilPostgres(host: string, password: string): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; ) {
    const client = new Client({
      host,
      password,
      user: 'postgres',
      database: 'postgres',
      connectionTimeoutMillis: 1_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

const template = '/usr/local/share/data-template';
const untilMysql = (host: string, password: string) => untilQuery({ host, user: 'root', password });
const WAYS: Record<string, Way> = {
  mysql: { variable: 'MYSQL_ROOT_PASSWORD', untilAnswers: untilMysql, template },
  mariadb: { variable: 'MARIADB_ROOT_PASSWORD', untilAnswers: untilMysql, template },
  postgresql: { variable: 'POSTGRES_PASSWORD', untilAnswers: untilPostgres },
};

/** One container, started for the first time and once more: from the start to a query over TCP, ms. */
async function measure(
  image: string,
  way: Way,
  hidden: Record<string, string>,
): Promise<{ first: number; again: number }> {
  const password = randomBytes(12).toString('hex');
  const untilAnswers = async () => {
    const info = await engine.containers.inspect(name);
    const [network] = Object.values(info?.NetworkSettings.Networks ?? {});
    await way.untilAnswers(network?.IPAddress ?? '', password);
  };
  const name = `coffer-bench-${randomBytes(6).toString('hex')}`;
  const began = performance.now();
  await engine.containers.create(name, {
    Image: image,
    Env: [`${way.variable}=${password}`],
    Labels: { 'coffer.bench': name },
    HostConfig: { Init: true, Tmpfs: hidden },
  });
  try {
    await engine.containers.start(name);
    await untilAnswers();
    const first = performance.now() - began;
    await engine.containers.stop(name, { timeoutMs: 60_000 });
    const again = performance.now();
    await engine.containers.start(name);
    await untilAnswers();
    return { first, again: performance.now() - again };
  } finally {
    await engine.containers.remove(name);
  }
}

const images = imagesFor('full').filter(isDatabase);
await ensureImages(images);
const figures = (values: readonly number[]): string =>
  values.length === 0 ? '' : `${Math.round(Math.min(...values))} / ${Math.round(median(values))}`;
console.log('| image | MB | first start, ms: min / median | without the prepared directory | on data that is there |');
for (const image of images) {
  const way = WAYS[RECIPES[image]?.name ?? ''];
  if (!way) throw new Error(`there is no way to ask ${image}; add one to WAYS`);
  const [first, bare, again]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < runs; i += 1) {
    const one = await measure(image, way, {});
    first.push(one.first);
    again.push(one.again);
    if (way.template) bare.push((await measure(image, way, { [way.template]: '' })).first);
  }
  const megabytes = Math.round(((await engine.images.inspect(image))?.Size ?? Number.NaN) / 1e6);
  console.log(`| \`${image}\` | ${megabytes} | ${figures(first)} | ${figures(bare)} | ${figures(again)} |`);
}
