import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller, Identity } from '../identity.ts';
import { Problem } from '../problem.ts';

/** Who a token of the suite is to prove. */
export interface SuiteAccount {
  projectId: string;
  projectName: string;
  userId: string;
  userName: string;
}

export interface IdentityUnderTest {
  identity: Identity;
  /** Makes a new user in a new project, with these roles in it, spelled as they are. */
  account(roles: readonly string[]): Promise<SuiteAccount>;
  /** Gives a token of the user for the project. */
  issue(account: SuiteAccount): Promise<string>;
  /** Takes a token back. Resolves once the identity knows, whatever it caches. */
  revoke(token: string): Promise<void>;
  /** Lets every token that is out run out: turns a clock, or waits. */
  expireAll(): Promise<void>;
  /** Takes away what the identity asks (its server, its store); or gives it back, and resolves once it can be asked. */
  setAvailable(isAvailable: boolean): Promise<void>;
  /** Once, after the last test. */
  dispose?(): Promise<void>;
}

/** What a token proves, and what it does not: run it on your own identity before tenants' requests rely on it. */
export function testIdentity(name: string, make: () => Promise<IdentityUnderTest>): void {
  describe(`identity ${name}`, () => {
    let under: IdentityUnderTest;
    beforeAll(async () => {
      under = await make();
    }, 180_000);
    afterAll(() => under?.dispose?.());

    const authenticate = (token: string): Promise<Caller | undefined> => under.identity.authenticate(token);
    async function newToken(roles: readonly string[] = ['member']): Promise<{ account: SuiteAccount; token: string }> {
      const account = await under.account(roles);
      return { account, token: await under.issue(account) };
    }

    it('says who a token is of, each time that it is asked', async () => {
      const { account, token } = await newToken();
      const first = await authenticate(token);
      expect(first).toMatchObject({ ...account, roles: ['member'] });
      expect(first?.expiresAt).toBeInstanceOf(Date);
      expect(first?.expiresAt.getTime()).toBeGreaterThan(0);
      expect(await authenticate(token)).toEqual(first);
    });

    it('gives roles in lower case, each once', async () => {
      const { token } = await newToken(['Admin', 'member', 'READER', 'admin']);
      const roles = (await authenticate(token))?.roles ?? [];
      expect([...roles].sort()).toEqual(['admin', 'member', 'reader']);
    });

    it('knows no token that it did not give', async () => {
      const { token } = await newToken();
      const last = token.at(-1) === 'A' ? 'B' : 'A';
      const strangers = {
        empty: '',
        blank: ' ',
        drawn: randomBytes(32).toString('base64url'),
        shortened: token.slice(0, -1),
        lengthened: `${token}A`,
        changed: `${token.slice(0, -1)}${last}`,
        'in another case': swapCase(token),
        'with a space': ` ${token}`,
        'with a NUL': `${token}\0`,
        'with a quote': `${token}' or '1'='1`,
        'not of one byte a character': '🗝️'.repeat(8),
        long: 'A'.repeat(8_192),
      };
      for (const [what, stranger] of Object.entries(strangers))
        expect(await authenticate(stranger), `a token that is ${what}`).toBeUndefined();
      expect(await authenticate(token)).toBeDefined();
    });

    it('knows no token that was revoked, and still the user’s others', async () => {
      const { account, token } = await newToken();
      const other = await under.issue(account);
      expect(other).not.toBe(token);
      await under.revoke(token);
      expect(await authenticate(token)).toBeUndefined();
      expect(await authenticate(other)).toMatchObject({ userId: account.userId });
      await under.revoke(token);
      expect(await authenticate(token)).toBeUndefined();
    });

    it('knows no token that has run out', async () => {
      const { account, token } = await newToken();
      const until = (await authenticate(token))?.expiresAt.getTime() ?? 0;
      await under.expireAll();
      expect(await authenticate(token)).toBeUndefined();
      const next = await authenticate(await under.issue(account));
      expect(next?.expiresAt.getTime()).toBeGreaterThan(until);
    });

    it('never takes one project, user or role for another’s', async () => {
      const [mine, theirs] = [await newToken(['member']), await newToken(['admin'])];
      expect(mine.account.projectId).not.toBe(theirs.account.projectId);
      expect(await authenticate(mine.token)).toMatchObject({ ...mine.account, roles: ['member'] });
      expect(await authenticate(theirs.token)).toMatchObject({ ...theirs.account, roles: ['admin'] });
    });

    it('answers each of many who ask at once, and as itself', async () => {
      const tokens = await Promise.all(Array.from({ length: 8 }, () => newToken()));
      const asked = Array.from({ length: 10 }, () => [...tokens, undefined]).flat();
      const answers = await Promise.all(
        asked.map((one) => authenticate(one?.token ?? randomBytes(32).toString('hex'))),
      );
      expect(answers.map((caller) => caller?.userId)).toEqual(asked.map((one) => one?.account.userId));
    });

    it('says `unavailable` while it cannot be asked, and answers again afterwards', async () => {
      const { account, token } = await newToken();
      await under.setAvailable(false);
      // Asked before or not, and whether it is good or not: nobody is refused for a fault of ours.
      const strange = randomBytes(32).toString('base64url');
      try {
        const error = await authenticate(strange).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(Problem);
        expect(error).toMatchObject({ code: 'unavailable', mayRetry: true });
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(strange);
      } finally {
        await under.setAvailable(true);
      }
      expect(await authenticate(token)).toMatchObject({ userId: account.userId });
      expect(await authenticate(strange)).toBeUndefined();
    });

    it('keeps the token out of what it says of its owner, and names where to log in', async () => {
      const { token } = await newToken();
      expect(JSON.stringify(await authenticate(token))).not.toContain(token);
      expect(new URL(under.identity.authUrl).protocol).toMatch(/^https?:$/);
      expect(under.identity.authUrl).not.toMatch(/\/$/);
    });
  });
}

const swapCase = (text: string): string =>
  [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
