import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../problem.ts';
import { expectFrom, type Message, open, seal } from './envelope.ts';
import { deriveLinkKeys, deriveTokenKeys, newKeyPair, newToken } from './keys.ts';

const instance = '5f0c1f0e-0000-4000-8000-000000000001';
const [server, agent] = [newKeyPair(), newKeyPair()];
const keys = deriveLinkKeys(server, agent, instance, 0);
const message: Message = {
  v: 1,
  instance,
  dir: 'down',
  type: 'call',
  method: 'status',
  op: 'op-1',
  from: 'S',
  to: 'A',
  n: 1,
  iat: 1,
  exp: 2,
  body: { text: 'geheim' },
};

describe('keys', () => {
  it('agree on both sides, and differ by direction, instance and epoch', () => {
    expect(deriveLinkKeys(agent, server, instance, 0)).toEqual(keys);
    const others = [
      keys.up,
      deriveLinkKeys(server, agent, 'another', 0).down,
      deriveLinkKeys(server, agent, instance, 1).down,
      deriveTokenKeys(newToken(), instance).down,
    ];
    for (const other of others) {
      expect(other.kid).not.toBe(keys.down.kid);
      expect(other.key).not.toEqual(keys.down.key);
    }
  });
});

describe('the envelope', () => {
  it('opens with its key to what was sealed, and shows nothing of it outside', () => {
    const sealed = seal(message, keys.down);
    expect(open(sealed, keys.down)).toEqual(message);
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('geheim');
    expect(Buffer.from(sealed).toString('latin1')).not.toContain(instance);
  });

  it('never opens for what is not whole: flipped bits, cut, extended, another direction', () => {
    const sealed = seal(message, keys.down);
    const refuses = (bytes: Uint8Array, key = keys.down) => {
      try {
        open(bytes, key);
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
        expect((error as Problem).code).toBe('envelope_refused');
        return true;
      }
      return false;
    };
    expect(refuses(sealed, keys.up)).toBe(true);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Uint8Array.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ mask;
        return refuses(changed);
      }),
    );
    fc.assert(fc.property(fc.nat(sealed.length - 1), (length) => refuses(sealed.slice(0, length))));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (more) =>
        refuses(Uint8Array.from([...sealed, ...more])),
      ),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => refuses(bytes)));
  });

  it('is refused when a field inside is missing or of another type, though its seal is good', () => {
    for (const wrong of [
      { n: -1 },
      { n: 1.5 },
      { v: 'x' },
      { dir: 'sideways' },
      { type: 'shout' },
      { op: 7 },
      { exp: null },
    ]) {
      const sealed = seal(JSON.parse(JSON.stringify({ ...message, ...wrong })), keys.down);
      expect(() => open(sealed, keys.down)).toThrowError(expect.objectContaining({ code: 'envelope_refused' }));
    }
  });

  it('is for one instance and one direction', () => {
    expect(() => expectFrom(message, { instanceId: instance, dir: 'down' })).not.toThrow();
    expect(() => expectFrom(message, { instanceId: 'another', dir: 'down' })).toThrow('another instance');
    expect(() => expectFrom(message, { instanceId: instance, dir: 'up' })).toThrow('other way');
  });
});
