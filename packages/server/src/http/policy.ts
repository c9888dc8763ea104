import { type Caller, type OperationId, Problem } from '@coffer/core';

/**
 * Who may: `anyone` needs no token; `user` has one, for whatever; `member` has one for the project in the path; `owner` is a
 * member too, and finds the objects of that project alone, unless an administrator; `admin` is one. Others are told 403, not
 * Trove's 401, at which clients log in again and ask once more.
 */
export type Rule = 'anyone' | 'user' | 'member' | 'owner' | 'admin';

export const POLICY: Readonly<Record<OperationId, Rule>> = {
  listVersions: 'anyone',
  showVersion: 'anyone',
  healthcheck: 'anyone',
  health: 'anyone',
  listDatastores: 'member',
  showDatastore: 'member',
  listDatastoreVersions: 'member',
  showDatastoreVersion: 'member',
  showDatastoreVersionById: 'member',
  listParameters: 'member',
  showParameter: 'member',
  listParametersByVersionId: 'member',
  showParameterByVersionId: 'member',
  listConfigurations: 'member',
  createConfiguration: 'member',
  showConfiguration: 'owner',
  replaceConfiguration: 'owner',
  updateConfiguration: 'owner',
  deleteConfiguration: 'owner',
  listConfigurationInstances: 'owner',
  listFlavors: 'member',
  showFlavor: 'member',
  listInstances: 'member',
  listInstanceDetails: 'member',
  createInstance: 'member',
  showInstance: 'owner',
  explainInstance: 'owner',
  updateInstance: 'owner',
  patchInstance: 'owner',
  showInstanceDefaults: 'owner',
  listInstanceParameters: 'owner',
  showSsl: 'owner',
  changeSsl: 'owner',
  listLogs: 'owner',
  changeLog: 'owner',
  tailLog: 'owner',
  showMetrics: 'owner',
  deleteInstance: 'owner',
  actOnInstance: 'owner',
  listDatabases: 'owner',
  createDatabases: 'owner',
  showDatabase: 'owner',
  deleteDatabase: 'owner',
  listUsers: 'owner',
  createUsers: 'owner',
  changePasswords: 'owner',
  showUser: 'owner',
  updateUser: 'owner',
  deleteUser: 'owner',
  listGrants: 'owner',
  grantDatabases: 'owner',
  revokeDatabase: 'owner',
  showRoot: 'owner',
  enableRoot: 'owner',
  disableRoot: 'owner',
  showRootHistory: 'admin',
  listIdentityVersions: 'anyone',
  showIdentityVersion: 'anyone',
  createToken: 'anyone',
  showToken: 'user',
  checkToken: 'user',
  revokeToken: 'user',
  showCatalog: 'user',
  listProjects: 'user',
};

export const isAdmin = (caller: Caller): boolean => caller.roles.includes('admin');

/** @throws Problem `forbidden`. Whose an object is, services find out, by looking only where the caller may. */
export function authorize(id: OperationId, caller: Caller): void {
  const rule = POLICY[id];
  if (rule === 'anyone' || rule === 'user') return;
  if (caller.projectId === '' || caller.roles.length === 0) {
    throw new Problem(
      'forbidden',
      'The token is for no project in which you have a role; ask for a token scoped to a project.',
    );
  }
  if (rule === 'admin' && !isAdmin(caller))
    throw new Problem('forbidden', 'Only administrators may ask this; use a token with the role admin.');
}
