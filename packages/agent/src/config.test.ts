import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AGENT_BUILD } from './build.ts';
import { readConfig } from './config.ts';
import { cgroupParentOf } from './guest.ts';
import { parseEnrolmentData, parseInstanceSpec } from './spec.ts';
import { spec } from './testing.ts';

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      userDataPath: '/run/coffer-user-data/user-data',
      stateDir: '/var/lib/coffer/state',
      runDir: '/run/coffer',
      dataDir: '/var/lib/coffer/data',
      imagesDir: '/var/lib/coffer/images',
      engine: 'unix:///var/run/docker.sock',
      logLevel: 'info',
    });
  });

  it('is told all that is wrong at once', () => {
    const wrong = { COFFER_STATE: 'here', COFFER_LOG: 'loud', COFFER_ENGINE: 'docker', COFFER_DRIVER: '/d' };
    expect(() => readConfig(wrong)).toThrow(
      /COFFER_LOG is "loud".*COFFER_ENGINE is "docker".*COFFER_STATE is "here".*COFFER_DRIVER needs/,
    );
  });
});

describe('what comes from outside', () => {
  it('passes when it is whole', () => {
    expect(parseInstanceSpec(spec)).toEqual(spec);
  });

  it('is refused field by field', () => {
    const wrong = {
      ...spec,
      revision: 0,
      image: { reference: '', digest: 'md5:0' },
      volume: { device: 'vdb', sizeGib: 1.5 },
      settings: { a: {} },
    };
    expect(() => parseInstanceSpec(wrong)).toThrow(
      /revision.*image\.reference.*image\.digest.*settings\.a.*volume\.device.*volume\.sizeGib/,
    );
    expect(() => parseInstanceSpec(null)).toThrow(/no object/);
    expect(() => parseInstanceSpec({ ...spec, network: { address: '10.0.0.1; rm', prefixLength: 33 } })).toThrow(
      /network\.address.*network\.prefixLength/,
    );
  });

  it('is never shown when it is enrolment data', () => {
    const data = { version: 2, token: 'hunter2', broker: { password: 'hunter2' }, driver: {} };
    const refusal = (): void => void parseEnrolmentData(data);
    expect(refusal).toThrow(/version must be 1.*broker\.host.*driver\.sha256/);
    expect(refusal).not.toThrow(/hunter2/);
  });
});

it("finds the guest's own cgroup where the guest is a container", () => {
  const id = 'ab'.repeat(32);
  expect(cgroupParentOf(`12:memory:/docker/${id}\n0::/docker/${id}\n`)).toBe(`/docker/${id}`);
  expect(cgroupParentOf(`0::/docker/${id}/init\n`)).toBe(`/docker/${id}`);
  const scope = `/system.slice/docker-${id}.scope`;
  expect(cgroupParentOf(`0::${scope}/guest-init\n`)).toBe(scope);
  expect(cgroupParentOf(`5:memory:${scope}\n1:name=systemd:${scope}\n`)).toBe(scope);
  expect(cgroupParentOf('0::/system.slice/coffer-agent.service\n')).toBeUndefined();
  expect(cgroupParentOf('0::/\n')).toBeUndefined();
});

it('names its own version', () => {
  expect(JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')).version).toBe(AGENT_BUILD);
});
