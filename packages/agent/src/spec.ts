import { isIPv4 } from 'node:net';
import { Problem } from '@coffer/core';
import type { EnrolmentData, InstanceSpec } from '@coffer/core/rpc';

/** Reads fields of what came from outside, and gathers all that is wrong with them. */
function reader(what: string, value: unknown) {
  const wrong: string[] = [];
  const fields: Readonly<Record<string, unknown>> = isRecord(value) ? value : {};
  if (!isRecord(value)) wrong.push('it is no object');
  const is = (at: string, holds: boolean, wanted: string): void => {
    if (!holds) wrong.push(`${at} must be ${wanted}`);
  };
  return {
    fields,
    text: (at: string, of: unknown) => is(at, typeof of === 'string' && of !== '', 'a text'),
    whole: (at: string, of: unknown, min: number, max = Number.MAX_SAFE_INTEGER) =>
      is(at, Number.isInteger(of) && Number(of) >= min && Number(of) <= max, `a whole number from ${min} to ${max}`),
    is,
    part: (at: string): Readonly<Record<string, unknown>> => {
      const of = fields[at];
      is(at, isRecord(of), 'an object');
      return isRecord(of) ? of : {};
    },
    finish(): void {
      if (wrong.length > 0) throw new Problem('bad_request', `${what} is not valid: ${wrong.join('; ')}.`);
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkImage({ text, is, part }: Pick<ReturnType<typeof reader>, 'text' | 'is' | 'part'>): void {
  const image = part('image');
  text('image.reference', image.reference);
  if (image.registry !== undefined) text('image.registry', image.registry);
  if (image.digest !== undefined)
    is('image.digest', /^sha256:[0-9a-f]{64}$/.test(String(image.digest)), 'sha256: and 64 hex digits');
  if (image.credentials !== undefined) {
    const credentials = isRecord(image.credentials) ? image.credentials : {};
    text('image.credentials.username', credentials.username);
    text('image.credentials.password', credentials.password);
  }
}

/** @throws Problem `bad_request` that lists everything wrong at once, by field. */
export function parseInstanceSpec(value: unknown, what = 'The instance spec'): InstanceSpec {
  const { fields, text, whole, is, part, finish } = reader(what, value);
  text('instanceId', fields.instanceId);
  whole('revision', fields.revision, 1);
  text('datastore', fields.datastore);
  const version = part('version');
  text('version.name', version.name);
  text('version.number', version.number);
  checkImage({ text, is, part });
  for (const [name, setting] of Object.entries(part('settings'))) {
    is(`settings.${name}`, ['string', 'number', 'boolean'].includes(typeof setting), 'a text, number or boolean');
  }
  if (fields.logs !== undefined) {
    const isList = Array.isArray(fields.logs) && fields.logs.every((name) => typeof name === 'string');
    is('logs', isList, 'a list of names');
  }
  if (fields.tls !== undefined) {
    const tls = part('tls');
    text('tls.ca', tls.ca);
    text('tls.certificate', tls.certificate);
    is('tls.isRequired', typeof tls.isRequired === 'boolean', 'true or false');
  }
  whole('memoryMib', fields.memoryMib, 1);
  is('vcpus', typeof fields.vcpus === 'number' && fields.vcpus > 0, 'a number above 0');
  const volume = part('volume');
  is('volume.device', typeof volume.device === 'string' && volume.device.startsWith('/'), 'an absolute path');
  whole('volume.sizeGib', volume.sizeGib, 1);
  const network = part('network');
  is('network.address', isIPv4(String(network.address)), 'an IPv4 address');
  whole('network.prefixLength', network.prefixLength, 1, 32);
  if (network.gateway !== undefined) is('network.gateway', isIPv4(String(network.gateway)), 'an IPv4 address');
  whole('serverId', fields.serverId, 1, 2 ** 32 - 1);
  finish();
  return value as InstanceSpec;
}

/** @throws Problem `bad_request` that lists everything wrong at once; no value is shown, since some are secret. */
export function parseEnrolmentData(value: unknown, what = 'The user data'): EnrolmentData {
  const { fields, text, whole, is, part, finish } = reader(what, value);
  is('version', fields.version === 1, '1');
  text('instanceId', fields.instanceId);
  text('token', fields.token);
  const broker = part('broker');
  text('broker.host', broker.host);
  whole('broker.port', broker.port, 1, 65_535);
  text('broker.username', broker.username);
  text('broker.password', broker.password);
  if (broker.ca !== undefined) text('broker.ca', broker.ca);
  const driver = part('driver');
  text('driver.name', driver.name);
  is('driver.sha256', /^[0-9a-f]{64}$/.test(String(driver.sha256)), '64 hex digits');
  if (fields.image !== undefined) checkImage({ text, is, part });
  whole('reportIntervalMs', fields.reportIntervalMs, 100);
  finish();
  return value as EnrolmentData;
}
