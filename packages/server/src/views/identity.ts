import { createHash } from 'node:crypto';
import type { Body, Schema } from '@coffer/core';
import type { Project } from '../identity/accounts.ts';
import type { Login, Reference, TokenDetails } from '../identity/builtin.ts';
import { DOMAIN } from '../identity/domain.ts';

/** Keystone's times have six decimals. */
const keystoneTime = (time: Date): string => time.toISOString().replace('Z', '000Z');

/** An id that is always the same for what has none of its own. */
const stableId = (name: string): string => createHash('sha256').update(`coffer:${name}`).digest('hex').slice(0, 32);

export function identityVersionView(base: string): Schema<'IdentityVersion'> {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${base}/identity/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function serviceView(type: string, name: string, url: string, region: string): Schema<'CatalogService'> {
  return {
    id: stableId(`service/${type}`),
    type,
    name,
    endpoints: (['public', 'internal', 'admin'] as const).map((where) => ({
      id: stableId(`endpoint/${type}/${where}`),
      interface: where,
      region,
      region_id: region,
      url,
    })),
  };
}

/** The services of a project, at the address under which the client found us. */
export function catalogView(base: string, projectId: string, region: string): Schema<'CatalogService'>[] {
  return [
    serviceView('database', 'coffer', `${base}/v1.0/${encodeURIComponent(projectId)}`, region),
    serviceView('identity', 'coffer-identity', `${base}/identity`, region),
  ];
}

export function tokenView(
  details: TokenDetails,
  catalog: Schema<'CatalogService'>[] | undefined,
): Schema<'TokenReply'> {
  const { user, project, roles } = details;
  return {
    token: {
      methods: details.methods,
      user: { ...user, domain: { ...DOMAIN }, password_expires_at: null },
      audit_ids: [details.auditId],
      issued_at: keystoneTime(details.issuedAt),
      expires_at: keystoneTime(details.expiresAt),
      ...(project && {
        is_domain: false,
        project: { ...project, domain: { ...DOMAIN } },
        roles: roles.map((name) => ({ id: stableId(`role/${name}`), name })),
        ...(catalog && { catalog }),
      }),
    },
  };
}

export function projectView(project: Project, base: string): Schema<'Project'> {
  return {
    id: project.id,
    name: project.name,
    domain_id: DOMAIN.id,
    parent_id: DOMAIN.id,
    description: project.description,
    enabled: project.enabled,
    is_domain: false,
    tags: [],
    options: {},
    links: { self: `${base}/identity/v3/projects/${project.id}` },
  };
}

function scopeOf(scope: Body<'createToken'>['auth']['scope']): Login['scope'] {
  if (scope === undefined) return 'default';
  if (scope === 'unscoped') return 'unscoped';
  return scope.project ? { project: reference(scope.project) } : 'unsupported';
}

function reference(given: { id?: string; name?: string; domain?: { id?: string; name?: string } }): Reference {
  return {
    ...(given.id !== undefined && { id: given.id }),
    ...(given.name !== undefined && { name: given.name }),
    ...(given.domain && { domain: given.domain }),
  };
}

/** What a login asks for; undefined when it proves nothing that we take. */
export function loginOf({ auth }: Body<'createToken'>, peer: string | undefined): Login | undefined {
  const { methods, password, token } = auth.identity;
  const scope = scopeOf(auth.scope);
  if (methods.includes('password') && password) {
    return { proof: { user: reference(password.user), password: password.user.password }, scope, peer };
  }
  if (methods.includes('token') && token) return { proof: { token: token.id }, scope, peer };
  return undefined;
}
