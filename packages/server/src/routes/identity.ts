import { Problem } from '@coffer/core';
import type { CallContext, Handlers } from '../http/handlers.ts';
import { isAdmin } from '../http/policy.ts';
import type { BuiltinIdentity, TokenDetails } from '../identity/builtin.ts';
import { catalogView, identityVersionView, loginOf, projectView, tokenView } from '../views/identity.ts';

type Ids =
  | 'listIdentityVersions'
  | 'showIdentityVersion'
  | 'createToken'
  | 'showToken'
  | 'checkToken'
  | 'revokeToken'
  | 'showCatalog'
  | 'listProjects';

/** @param builtin absent where tokens come from elsewhere: then nothing is served under /identity. */
export function identityRoutes(builtin: BuiltinIdentity | undefined, region: string): Handlers<Ids> {
  function identity(): BuiltinIdentity {
    if (!builtin)
      throw new Problem('not_found', 'There is no identity service here; log in where this cloud keeps its users.');
    return builtin;
  }

  /** The token asked about: the caller's own, or any for administrators. */
  async function subject(call: CallContext & { header: { 'X-Subject-Token': string } }): Promise<TokenDetails> {
    const details = await identity().show(call.header['X-Subject-Token']);
    const isOwn = details?.user.id === call.caller.userId;
    // Others' tokens look unknown: whoever asks may have made them up.
    if (!details || (!isOwn && !isAdmin(call.caller))) throw new Problem('not_found', 'Could not find token.');
    return details;
  }

  const catalogOf = (base: string, details: TokenDetails) =>
    details.project && catalogView(base, details.project.id, region);

  const tokenHeaders = (token: string) => ({ 'X-Subject-Token': token, Vary: 'X-Auth-Token' });

  const listLinks = (self: string) => ({ self, next: null, previous: null });

  return {
    listIdentityVersions: ({ base }) => {
      identity();
      return { status: 300, body: { versions: { values: [identityVersionView(base)] } } };
    },
    showIdentityVersion: ({ base }) => {
      identity();
      return { status: 200, body: { version: identityVersionView(base) } };
    },
    createToken: async ({ base, body, peer, query }) => {
      const login = loginOf(body, peer);
      if (!login)
        throw new Problem(
          'bad_request',
          'auth.identity.methods must name password or token, with the proof under the same name.',
        );
      const { token, details } = await identity().login(login);
      const catalog = query.nocatalog === undefined ? catalogOf(base, details) : undefined;
      return { status: 201, headers: tokenHeaders(token), body: tokenView(details, catalog) };
    },
    showToken: async (call) => {
      const details = await subject(call);
      const catalog = call.query.nocatalog === undefined ? catalogOf(call.base, details) : undefined;
      return { status: 200, headers: tokenHeaders(call.header['X-Subject-Token']), body: tokenView(details, catalog) };
    },
    checkToken: async (call) => {
      await subject(call);
      return { status: 200, headers: tokenHeaders(call.header['X-Subject-Token']) };
    },
    revokeToken: async (call) => {
      await subject(call);
      await identity().revoke(call.header['X-Subject-Token']);
      return { status: 204 };
    },
    showCatalog: ({ base, caller }) => {
      identity();
      const catalog = caller.projectId === '' ? [] : catalogView(base, caller.projectId, region);
      return { status: 200, body: { catalog, links: listLinks(`${base}/identity/v3/auth/catalog`) } };
    },
    listProjects: async ({ base, caller, query }) => {
      const all = await identity().projects(isAdmin(caller) ? 'all' : caller.userId);
      const wanted = all.filter(({ name }) => query.name === undefined || name === query.name);
      const found = query.domain_id === undefined || query.domain_id === 'default' ? wanted : [];
      return {
        status: 200,
        body: {
          projects: found.map((project) => projectView(project, base)),
          links: listLinks(`${base}/identity/v3/projects`),
        },
      };
    },
  };
}
