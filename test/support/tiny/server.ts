import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { Refusal, wordsOf } from './protocol.ts';

interface Account {
  name: string;
  host: string;
  password: string;
  databases: Set<string>;
}

/** What outlives the server, as a data volume does. */
export interface TinyVolume {
  databases: Map<string, Map<string, string>>;
  accounts: Map<string, Account>;
  /** From where the service's account may come. */
  service: { password: string; open: 'nowhere' | 'local' | 'anywhere' };
  isBootLocked: boolean;
  root: { password: string; isOpen: boolean };
  timers: string[];
  /** Logs by path; a server that has one open goes on with it when it is renamed. */
  files: Map<string, string[]>;
  isFull: boolean;
}

export const emptyVolume = (): TinyVolume => ({
  databases: new Map(),
  accounts: new Map(),
  service: { password: '', open: 'nowhere' },
  isBootLocked: false,
  root: { password: '', isOpen: false },
  timers: [],
  files: new Map(),
  isFull: false,
});

export const LOG = '/data/log/general.log';
const STARTING_MS = 60;
export const DEFAULTS: Readonly<Record<string, string>> = {
  max_connections: '100',
  slow_ratio: '0.5',
  motd: '""',
  strict: 'false',
  workers: '2',
  log_general: 'false',
};
const STATIC = ['workers'];

interface Session {
  who: string;
  database: string | undefined;
  role: 'nobody' | 'boot' | 'service' | 'root' | 'tenant';
  isSecure: boolean;
  socket: Socket;
}

export interface TinyServer {
  port: number;
  readonly exitCode: number | undefined;
  readonly ended: Promise<void>;
  stop(exitCode: number): void;
  pause(): void;
  resume(): void;
}

export interface TinyParts {
  volume: TinyVolume;
  socketPath: string;
  /** Files that were laid, by path; read again at a reload. */
  laid: ReadonlyMap<string, string>;
  /** Of the account that the image makes. */
  bootPassword: string;
}

/** A database of maps behind lines of text: accounts, grants, parameters, a log, TLS. In this process, so that a test of tests is quick. */
export async function startTiny({ volume, socketPath, laid, bootPassword }: TinyParts): Promise<TinyServer> {
  const since = Date.now();
  const sessions = new Set<Session>();
  const held: (() => void)[] = [];
  const parameters = new Map(Object.entries({ ...DEFAULTS, ...configured() }));
  const closing = Promise.withResolvers<void>();
  let exitCode: number | undefined;
  let isPaused = false;
  let commands = 0;
  let log = open();
  let tls = readTls();

  function configured(): Record<string, string> {
    const lines = (laid.get('/etc/tiny/tiny.conf') ?? '').split('\n').filter((line) => line.includes(' = '));
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(' = ')), line.slice(line.indexOf(' = ') + 3)]),
    );
  }

  function open(): string[] {
    const found = volume.files.get(LOG) ?? [];
    volume.files.set(LOG, found);
    return found;
  }

  function readTls(): { context: SecureContext; certificate: string; isRequired: boolean } | undefined {
    const [certificate, key] = [laid.get('/etc/tiny/tls/certificate.pem'), laid.get('/etc/tiny/tls/key.pem')];
    if (certificate === undefined || key === undefined) return undefined;
    const isRequired = laid.get('/etc/tiny/tls/required') === 'yes';
    return { context: createSecureContext({ cert: certificate, key }), certificate, isRequired };
  }

  const idOf = (name: string, host: string): string => `${name}@${host}`;
  const end = (which: (session: Session) => boolean): void => {
    for (const session of sessions) if (which(session)) session.socket.destroy();
  };
  const account = (name: string, host: string): Account => {
    const found = volume.accounts.get(idOf(name, host));
    if (!found) throw new Refusal('missing', 'there is no such account');
    return found;
  };

  /** @throws Refusal for who may not come in */
  function roleOf(session: Session, name: string, password: string, database: string | undefined): Session['role'] {
    const { service, root } = volume;
    if (name === 'boot' && !volume.isBootLocked && password === bootPassword) return 'boot';
    const isNear = service.open === 'anywhere' || (service.open === 'local' && !isTcp(session));
    if (name === 'os_admin' && isNear && password === service.password) return 'service';
    if (tls?.isRequired && isTcp(session) && !session.isSecure) throw new Refusal('login', 'TLS is required');
    if (name === 'root' && root.isOpen && password === root.password) return 'root';
    const found = volume.accounts.get(idOf(name, '%'));
    if (!found || found.password === '' || found.password !== password)
      throw new Refusal('login', 'wrong name or password');
    if (database !== undefined && !found.databases.has(database))
      throw new Refusal('login', 'no such database for this account');
    return 'tenant';
  }

  const isTcp = (session: Session): boolean => session.isSecure || session.socket.remoteAddress !== undefined;

  function store(session: Session): Map<string, string> {
    const { database, who, role } = session;
    if (role === 'tenant' && database !== undefined && !account(who, '%').databases.has(database))
      throw new Refusal('denied', 'not any more');
    const found = database === undefined ? undefined : volume.databases.get(database);
    if (!found) throw new Refusal('missing', 'there is no such database');
    return found;
  }

  function change(name: string, value: string): undefined {
    if (!parameters.has(name)) throw new Refusal('unknown', 'there is no such parameter');
    if (STATIC.includes(name)) throw new Refusal('static', 'it needs a restart');
    if (name === 'max_connections' && value === '13') throw new Refusal('refused', '13 connections would be unlucky');
    parameters.set(name, value);
  }

  type Command = (args: string[], session: Session) => string[][] | undefined;

  const ANYBODY: Record<string, Command> = {
    LOGIN: ([name = '', password = '', database], session) =>
      void Object.assign(session, { role: roleOf(session, name, password, database), who: name, database }),
  };
  const TENANT: Record<string, Command> = {
    PING: () => [['1']],
    NOTE: () => [],
    GET: ([key = ''], session) => [[store(session).get(key) ?? '']],
    SET: ([key = '', value = ''], session) => void store(session).set(key, value),
  };
  const ROOT: Record<string, Command> = {
    ...TENANT,
    'MAKE-DATABASE': ([name = '']) => {
      if (volume.databases.has(name)) return [['exists']];
      volume.databases.set(name, new Map());
      return [['created']];
    },
    'DROP-DATABASE': ([name = '']) => {
      for (const one of volume.accounts.values()) one.databases.delete(name);
      return [[volume.databases.delete(name) ? 'dropped' : 'missing']];
    },
    EVERY: ([command = '']) => void volume.timers.push(command),
  };
  const SERVICE: Record<string, Command> = {
    ...ROOT,
    DATABASES: () => [...volume.databases.keys()].map((name) => [name]),
    'MAKE-USER': ([name = '', host = '']) => {
      const id = idOf(name, host);
      if (volume.accounts.has(id)) return [['exists']];
      volume.accounts.set(id, { name, host, password: '', databases: new Set() });
      return [['created']];
    },
    PASSWORD: ([name = '', host = '', password = '']) => void Object.assign(account(name, host), { password }),
    GRANT: ([name = '', host = '', database = '']) => void account(name, host).databases.add(database),
    REVOKE: ([name = '', host = '', database = '']) => void account(name, host).databases.delete(database),
    RENAME: ([name = '', host = '', newName = '', newHost = '']) => {
      const found = account(name, host);
      volume.accounts.delete(idOf(name, host));
      volume.accounts.set(idOf(newName, newHost), { ...found, name: newName, host: newHost });
      return undefined;
    },
    'DROP-USER': ([name = '', host = '']) => [[volume.accounts.delete(idOf(name, host)) ? 'dropped' : 'missing']],
    USERS: () => [...volume.accounts.values()].map((one) => [one.name, one.host, ...one.databases]),
    KILL: ([name = '', database]) =>
      void end(({ who, database: at }) => who === name && (database === undefined || at === database)),
    ROOT: () => [[volume.root.isOpen ? 'open' : 'shut']],
    'ROOT-OPEN': ([password = '']) => void Object.assign(volume.root, { password, isOpen: true }),
    'ROOT-SHUT': () => {
      volume.root.isOpen = false;
      volume.timers.length = 0;
      return undefined;
    },
    PARAMETERS: () => [...parameters],
    CHANGE: ([name = '', value = '']) => change(name, value),
    DEFAULT: ([name = '']) => change(name, DEFAULTS[name] ?? ''),
    REOPEN: () => {
      log = open();
      return undefined;
    },
    'TLS-RELOAD': () => {
      try {
        tls = readTls();
      } catch {
        throw new Refusal('material', 'the certificate and its key cannot be used');
      }
      return undefined;
    },
    TLS: () => {
      const raw = tls && new X509Certificate(tls.certificate).raw;
      return [[raw ? createHash('sha256').update(raw).digest('hex') : '', tls?.isRequired ? 'yes' : 'no']];
    },
    STATUS: () => [[String((Date.now() - since) / 1000), String(sessions.size), String(commands)]],
    SHUTDOWN: () => void stop(0),
  };
  const BOOT: Record<string, Command> = {
    PING: () => [['1']],
    'SERVICE-PASSWORD': ([password = '']) => void Object.assign(volume.service, { password }),
    'SERVICE-OPEN': ([from]) => {
      volume.service.open = from === 'anywhere' ? 'anywhere' : 'local';
      return undefined;
    },
    'BOOT-LOCK': () => {
      volume.isBootLocked = true;
      return undefined;
    },
  };
  const TABLES = { nobody: ANYBODY, boot: BOOT, service: { ...SERVICE, ...BOOT }, root: ROOT, tenant: TENANT };
  const CHANGES = /^(MAKE|PASSWORD|GRANT|REVOKE|RENAME|DROP|SET|ROOT-)/;

  function answer(line: string, session: Session): string {
    try {
      commands += 1;
      if (Date.now() - since < STARTING_MS) throw new Refusal('starting', 'it is not up yet');
      const [verb = '', ...args] = wordsOf(line);
      const run = TABLES[session.role][verb];
      if (!run) throw new Refusal('denied', 'you may not, or there is no such command');
      if (volume.isFull && CHANGES.test(verb)) throw new Refusal('full', 'the disk is full');
      if (parameters.get('log_general') === 'true' && verb !== 'LOGIN' && verb !== 'PASSWORD') log.push(line);
      return JSON.stringify({ rows: run(args, session) ?? [] });
    } catch (error) {
      if (error instanceof Refusal) return JSON.stringify({ code: error.code, message: error.message });
      throw error;
    }
  }

  function serve(socket: Socket, isSecure: boolean): void {
    const session: Session = { who: '', database: undefined, role: 'nobody', isSecure, socket };
    sessions.add(session);
    socket.on('error', () => {});
    socket.on('close', () => sessions.delete(session));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const work = (): void => void (socket.destroyed || socket.write(`${answer(line, session)}\n`));
      if (isPaused) held.push(work);
      else work();
    });
  }

  /** TLS on the same port: a handshake begins with a byte that no command begins with. */
  function accept(socket: Socket): void {
    socket.on('error', () => {});
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1);
      if (first === null) return;
      socket.unshift(first);
      if (first[0] !== 0x16) serve(socket, false);
      else if (!tls) socket.destroy();
      else serve(new TLSSocket(socket, { isServer: true, secureContext: tls.context }), true);
    });
  }

  const servers: Server[] = [createServer(accept), createServer((socket) => serve(socket, false))];
  const scheduler: Session = {
    who: 'scheduler',
    database: undefined,
    role: 'service',
    isSecure: false,
    socket: new Socket(),
  };
  const timer = setInterval(() => {
    for (const command of volume.timers) answer(command, scheduler);
  }, 1_000);

  function stop(code: number): void {
    exitCode ??= code;
    clearInterval(timer);
    for (const server of servers) server.close();
    end(() => true);
    closing.resolve();
  }

  const [tcp, unix] = servers;
  tcp?.listen(0, '127.0.0.1');
  unix?.listen(socketPath);
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const at = tcp?.address();
  return {
    port: typeof at === 'object' && at ? at.port : 0,
    get exitCode() {
      return exitCode;
    },
    ended: closing.promise,
    stop,
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      for (const work of held.splice(0)) work();
    },
  };
}
