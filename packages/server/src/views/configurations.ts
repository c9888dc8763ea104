import type { Body, Schema } from '@coffer/core';
import type { ManifestParameter, ParameterValue, Settings } from '@coffer/core/driver';
import type { ConfigurationChanges, ConfigurationDetails, NewConfiguration } from '../services/configurations.ts';
import type { InstanceParameter } from '../services/instance-parameters.ts';
import type { ConfigurationRow } from '../store/configurations.ts';
import { wireTime } from './common.ts';

export function parameterView(versionId: string, parameter: ManifestParameter): Schema<'Parameter'> {
  const { name, type, min, max, restartRequired } = parameter;
  return {
    name,
    datastore_version_id: versionId,
    restart_required: restartRequired,
    type,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  };
}

export const parameterListView = (
  versionId: string,
  parameters: readonly ManifestParameter[],
): Schema<'ParameterList'> => ({
  'configuration-parameters': parameters.map((parameter) => parameterView(versionId, parameter)),
});

export function configurationSummaryView(row: ConfigurationRow): Schema<'ConfigurationSummary'> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    created: wireTime(row.createdAt),
    updated: wireTime(row.updatedAt),
    datastore_version_id: row.datastoreVersionId,
    datastore_name: row.datastoreName,
    datastore_version_name: row.versionName,
    datastore_version_number: row.versionNumber,
  };
}

/** Whatever is named like a secret is not shown again. */
const masked = (name: string, value: ParameterValue): ParameterValue =>
  /password|passwd|secret/i.test(name) ? '******' : value;

const shown = (values: Settings): Record<string, ParameterValue> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, masked(name, value)]));

export function configurationView({ row, instanceCount }: ConfigurationDetails): Schema<'Configuration'> {
  return { ...configurationSummaryView(row), values: shown(row.values), instance_count: instanceCount };
}

export function instanceParametersView(parameters: readonly InstanceParameter[]): Schema<'InstanceParameters'> {
  return {
    parameters: parameters.map(({ name, setBy, wanted, inForce, differs }) => ({
      name,
      set_by: setBy,
      wanted: masked(name, wanted),
      in_force: inForce === undefined ? null : masked(name, inForce),
      differs,
    })),
  };
}

type NewBody = Body<'createConfiguration'>['configuration'];

export function newConfiguration({ name, description, values, datastore }: NewBody): NewConfiguration {
  return {
    name,
    values,
    ...(description !== undefined && { description }),
    ...(datastore && {
      datastore: {
        ...(datastore.type !== undefined && { type: datastore.type }),
        ...(datastore.version !== undefined && { version: datastore.version }),
        ...(datastore.version_number !== undefined && { versionNumber: datastore.version_number }),
      },
    }),
  };
}

export function configurationChanges({
  name,
  description,
  values,
}: Body<'replaceConfiguration'>['configuration']): ConfigurationChanges {
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(values && { values }),
  };
}
