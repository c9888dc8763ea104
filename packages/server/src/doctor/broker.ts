import type { Management } from '../brokers/management-http.ts';
import type { Examination } from '../examination.ts';

export interface RelayDeps {
  /** Where guests reach the relay; undefined while there is no management network. */
  address: { host: string; port: number } | undefined;
  /** Whether a server runs over this data folder. */
  isServing: boolean;
  dataDir: string;
  /** A TLS handshake that trusts our authority alone. @returns until when the certificate is good. @throws why it failed. */
  handshake(address: { host: string; port: number }): Promise<Date>;
  now: Date;
}

const DAY_MS = 24 * 3600_000;
/** The server makes a new one at a start in its last 60 days. */
const SOON_DAYS = 14;

/** Whether the embedded relay answers on the management network with a certificate that guests trust. */
export async function checkRelay({ address, isServing, dataDir, handshake, now }: RelayDeps): Promise<Examination> {
  const start = `\`coffer serve --data-dir ${dataDir}\``;
  if (!isServing)
    return {
      facts: 'embedded relay',
      faults: [`No server runs over ${dataDir}, so no relay does; start it: ${start}.`],
    };
  if (!address)
    return {
      facts: 'embedded relay',
      faults: [`The relay has no management network to listen on; end the server and start it again: ${start}.`],
    };
  const where = `${address.host}:${address.port}`;
  const facts = `embedded relay at ${where}`;
  let goodUntil: Date;
  try {
    goodUntil = await handshake(address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      facts,
      faults: [
        `The relay at ${where} cannot be reached with TLS (${why}); see who has the port with \`ss -ltnp 'sport = :${address.port}'\`, give the server's own by --broker-port, or start it again: ${start}.`,
      ],
    };
  }
  const days = Math.floor((goodUntil.getTime() - now.getTime()) / DAY_MS);
  const until = goodUntil.toISOString().slice(0, 10);
  const faults =
    days < SOON_DAYS
      ? [
          `The relay's certificate is good until ${until} only; end the server and start it again, which makes a new one: ${start}.`,
        ]
      : [];
  return { facts: `${facts}, certificate good until ${until}`, faults };
}

const OLDEST_RABBITMQ = [3, 10] as const;
const PLUGIN = 'rabbitmq_amqp1_0';

/** Whether RabbitMQ answers, is new enough, and speaks AMQP 1.0. */
export async function checkRabbitmq(manage: Management): Promise<Examination> {
  const overview = record((await manage('GET', '/api/overview')).body);
  const version = String(overview.rabbitmq_version ?? 'of an unknown version');
  const node = String(overview.node ?? '');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_RABBITMQ;
  const faults: string[] = [];
  if (!(major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)))
    faults.push(
      `RabbitMQ ${version} is too old; ${OLDEST_RABBITMQ.join('.')} or newer is needed: \`apt-get install rabbitmq-server\`.`,
    );
  // From 4 on it speaks the protocol by itself.
  if (major < 4) {
    const enabled = record((await manage('GET', `/api/nodes/${encodeURIComponent(node)}`)).body).enabled_plugins;
    if (!(Array.isArray(enabled) && enabled.includes(PLUGIN)))
      faults.push(`RabbitMQ ${version} does not speak AMQP 1.0 yet; run \`rabbitmq-plugins enable ${PLUGIN}\`.`);
  }
  return { facts: `RabbitMQ ${version} on ${node}`, faults };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
