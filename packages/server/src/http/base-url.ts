import { BlockList, isIP } from 'node:net';

/** Scheme and host as clients see them, without a slash at the end. */
export type BaseUrlOf = (request: Request, peer: string | undefined) => string;

const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

function blockListOf(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) {
      throw new Error(`trusted proxy "${proxy}" is neither an IP address nor a network such as 10.0.0.0/8`);
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

const first = (header: string | null): string | undefined => header?.split(',')[0]?.trim();

/**
 * @param proxies addresses or networks of the proxies whose X-Forwarded-Proto and X-Forwarded-Host are believed.
 * @throws Error for an entry that is neither.
 */
export function createBaseUrl(proxies: readonly string[]): BaseUrlOf {
  const trusted = blockListOf(proxies);
  return (request, peer) => {
    const own = new URL(request.url);
    // An IPv4 peer of a dual-stack socket.
    const address = peer?.replace(/^::ffff:(?=\d+\.)/, '');
    const family = isIP(address ?? '');
    if (address === undefined || family === 0 || !trusted.check(address, family === 4 ? 'ipv4' : 'ipv6'))
      return own.origin;
    const scheme = first(request.headers.get('x-forwarded-proto'));
    const host = first(request.headers.get('x-forwarded-host'));
    const isScheme = scheme === 'http' || scheme === 'https';
    return `${isScheme ? scheme : own.protocol.slice(0, -1)}://${host && HOST.test(host) ? host : own.host}`;
  };
}
