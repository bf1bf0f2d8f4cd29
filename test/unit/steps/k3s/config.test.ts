import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import {
  minorOf,
  nodeSpecs,
  renderK3sConfig,
  renderK3sUnit,
  type NodeSpec,
} from '../../../../src/steps/k3s/config.js';
import { renderMountUnit } from '../../../../src/steps/mounts/mount.js';
import { unitName } from '../../../../src/guest/layout.js';
import { LABS } from '../../../helpers/labs.js';
import { labOf, TOKEN } from '../../../helpers/step-context.js';

const template = loadTemplates()['k3s.service'] ?? '';
const facts = { address: '10.77.0.11', iface: 'host0', cgroupV1: false };
const VERSION = 'v1.36.2+k3s1';

const nodesOf = (yaml: string): readonly NodeSpec[] => nodeSpecs(labOf(yaml));
const [server, agent] = nodesOf(LABS.default) as [NodeSpec, NodeSpec];

const configOf = (node: NodeSpec, more: Partial<typeof facts> = {}, version = VERSION) =>
  parse(renderK3sConfig(node, { ...facts, ...more }, TOKEN, version)) as Record<string, unknown>;

describe('renderK3sConfig', () => {
  it.each([
    ['server', server, false],
    ['agent', agent, false],
    ['agent-cgroup-v1', agent, true],
  ])('golden: %s', async (name, node, cgroupV1) => {
    const text = renderK3sConfig(node, { ...facts, cgroupV1 }, TOKEN, VERSION);
    await expect(text).toMatchFileSnapshot(`../../../golden/k3s/${name}.config.yaml`);
  });

  it.each([
    ['v1.36.2+k3s1', true, ['fail-cgroupv1=false']],
    ['v1.35.0+k3s1', true, ['fail-cgroupv1=false']],
    ['v1.34.9+k3s1', true, undefined],
    ['v1.36.2+k3s1', false, undefined],
  ])('tells the kubelet of %s about cgroup v1 (%s): %s', (version, cgroupV1, wanted) => {
    expect(configOf(server, { cgroupV1 }, version)['kubelet-arg']).toEqual(wanted);
    expect(configOf(agent, { cgroupV1 }, version)['kubelet-arg']).toEqual(wanted);
  });

  it.each([
    ['a list', ['max-pods=50', 'v=2'], ['fail-cgroupv1=false', 'max-pods=50', 'v=2']],
    ['one value', 'max-pods=50', ['fail-cgroupv1=false', 'max-pods=50']],
  ])('merges the kubelet argument for cgroup v1 with %s from lab.yaml', (_what, given, wanted) => {
    const node = { ...agent, extraConfig: { 'kubelet-arg': given } };
    expect(configOf(node, { cgroupV1: true })['kubelet-arg']).toEqual(wanted);
    expect(configOf(node)['kubelet-arg']).toEqual(given);
  });

  it('disables the bundled provisioner once, even when lab.yaml names it', () => {
    expect(configOf({ ...server, disable: [] })['disable']).toEqual(['local-storage']);
    expect(configOf({ ...server, disable: ['local-storage', 'traefik'] })['disable']).toEqual([
      'local-storage',
      'traefik',
    ]);
    expect(configOf(agent)).not.toHaveProperty('disable');
  });

  it('gives agents the name of the server, and the server none', () => {
    expect(configOf(agent)['server']).toBe(`https://${server.machine}:6443`);
    expect(configOf(server)).not.toHaveProperty('server');
    expect(configOf(server)['tls-san']).toEqual([server.machine, '10.77.0.11']);
  });

  it.each(['1234567890', '12e45678', '0x10', 'true', 'null', '0123'])(
    'keeps the token %s a text, as k3s reads YAML too',
    (token) => {
      const text = renderK3sConfig(server, facts, token, VERSION);
      expect((parse(text) as { token: unknown }).token).toBe(token);
      expect((parse(text, { version: '1.1' }) as { token: unknown }).token).toBe(token);
    },
  );

  it('contains further keys of lab.yaml', () => {
    expect(
      configOf({ ...server, extraConfig: { 'etcd-expose-metrics': true, 'node-label+': ['a=b'] } }),
    ).toMatchObject({ 'etcd-expose-metrics': true, 'node-label+': ['a=b'], 'node-name': server.machine });
  });
});

describe('minorOf', () => {
  it.each([
    ['v1.36.2+k3s1', 36],
    ['v1.9.0+k3s1', 9],
    ['nonsense', 0],
  ])('of %s is %i', (version, minor) => {
    expect(minorOf(version)).toBe(minor);
  });
});

describe('renderK3sUnit', () => {
  const two = nodesOf(LABS['two-volumes']) as [NodeSpec, NodeSpec];

  it.each([
    ['server', server],
    ['agent', agent],
    ['two-volumes', two[0]],
  ])('golden: %s', async (name, node) => {
    await expect(renderK3sUnit(template, node)).toMatchFileSnapshot(`../../../golden/k3s/${name}.service`);
  });

  it('needs the mount units by their escaped names', () => {
    const units = String.raw`opt-local\x2dpath\x2dprovisioner.mount opt-safe.mount`;
    const text = renderK3sUnit(template, two[0]);
    expect(text).toContain(`\nAfter=network-online.target ${units}\n`);
    expect(text).toContain(`\nWants=network-online.target ${units}\n`);
  });

  it.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)(
    'names units that systemd finds',
    () => {
      const dir = mkdtempSync(join(tmpdir(), 'kglab-units-'));
      const mount = loadTemplates()['gluster.mount'] ?? '';
      for (const path of two[0].mounts) {
        const unit = renderMountUnit(mount, {
          machine: 'g1',
          volume: 'v',
          path,
          servers: ['g1'],
          local: false,
        });
        writeFileSync(join(dir, unitName(path)), unit);
      }
      // A unit that is only wanted may be missing in silence; one that is required may not.
      const wanting = renderK3sUnit(template, two[0]).replace('\nWants=', '\nRequires=');
      writeFileSync(join(dir, 'k3s.service'), wanting);
      const env = { ...process.env, SYSTEMD_UNIT_PATH: `${dir}:` };
      const verify = (): string =>
        spawnSync('systemd-analyze', ['verify', '--man=no', join(dir, 'k3s.service')], {
          env,
          encoding: 'utf8',
        }).stderr;
      const COMPLAINT = /not found|Failed to (add|create|parse)/;
      const found = verify();
      rmSync(join(dir, unitName(two[0].mounts[0] ?? '')));
      const missing = verify();
      rmSync(dir, { recursive: true });
      expect(found).not.toMatch(COMPLAINT);
      expect(missing).toMatch(COMPLAINT);
    },
  );

  it('runs the guard for every mount before k3s, and contains no token', () => {
    const lines = renderK3sUnit(template, two[0]).split('\n');
    const guard = lines.indexOf(
      'ExecStartPre=/usr/local/lib/kglab/mounted /opt/local-path-provisioner /opt/safe',
    );
    expect(guard).toBeGreaterThan(0);
    expect(lines.indexOf('ExecStart=/usr/local/bin/k3s server')).toBeGreaterThan(guard);
    expect(renderK3sUnit(template, agent)).toMatch(/^ExecStart=\/usr\/local\/bin\/k3s agent$/m);
    expect(lines.join('\n')).not.toMatch(/token/i);
  });
});
