import { describe, expect, it } from 'vitest';
import { cmd } from '../../../../src/exec/command.js';
import {
  groupPath,
  nspawnCommand,
  unitCommand,
  type BootInput,
} from '../../../../src/providers/nspawn/boot.js';
import { forwardRules, renderRules } from '../../../../src/providers/nspawn/firewall.js';
import { enter } from '../../../../src/providers/nspawn/machine.js';
import { mountsBelow } from '../../../../src/providers/nspawn/overlay.js';
import { labPaths } from '../../../../src/providers/nspawn/paths.js';
import { parseBootFile } from '../../../../src/providers/nspawn/process-state.js';
import { parseNameservers, seedFiles } from '../../../../src/providers/nspawn/seed.js';

const boot: BootInput = {
  name: 'demo-node1',
  nspawnName: 'node1abcdef0',
  bridge: 'kg-demo-1f3a9c',
  group: 'kglab-demo-node1-0a1b2c3d',
  paths: labPaths('/var/lib/kg:lab', 'demo').machine('demo-node1'),
  limits: { cpus: 2, memoryMiB: 1536 },
};

describe('enter', () => {
  const command = enter(4711, { ...cmd('k3s', 'a b', '--x'), env: { K3S_TOKEN: 'hush' }, stdin: 'in' });

  it('goes into every namespace of the init and hands words on as they are', () => {
    expect(command.file).toBe('nsenter');
    expect(command.args.slice(0, 3)).toEqual(['-t', '4711', '-m']);
    expect(command.args.slice(-3)).toEqual(['k3s', 'a b', '--x']);
    expect(command.stdin).toBe('in');
  });

  it("brings an environment of its own, not the host's, and never as arguments", () => {
    expect(command.cleanEnv).toBe(true);
    expect(command.env).toMatchObject({ HOME: '/root', K3S_TOKEN: 'hush' });
    expect(command.args.join(' ')).not.toContain('hush');
  });
});

describe('nspawnCommand', () => {
  it('boots with full rights on the bridge, with its own folders', () => {
    const { args } = nspawnCommand(boot);
    for (const word of ['--boot', '--keep-unit', '--register=no', '--capability=all', '--bind=/dev/fuse'])
      expect(args).toContain(word);
    expect(args).toContain('--network-bridge=kg-demo-1f3a9c');
    expect(args).toContain(String.raw`--bind=/var/lib/kg\:lab/labs/demo/machines/demo-node1/data:/data`);
  });

  it('becomes a unit with limits where systemd runs the host', () => {
    const { file, args } = unitCommand(boot);
    expect(file).toBe('systemd-run');
    for (const word of ['Delegate=yes', 'KillMode=mixed', 'MemoryMax=1536M', 'CPUQuota=200%', '--collect'])
      expect(args).toContain(word);
    expect(args.indexOf('--')).toBeLessThan(args.indexOf('systemd-nspawn'));
    // systemd would take a single `$` for the start of a variable.
    expect(args.join(' ').replaceAll('$$', '')).not.toContain('$');
    expect(groupPath(boot.group, true)).toBe(`system.slice/${boot.group}.service`);
  });
});

describe('renderRules', () => {
  const input = { table: 'kglab_demo_1', bridge: 'kg-demo', subnet: '10.77.0.0/24' };

  it('lets machines out under the address of the host, and nobody in', () => {
    const rules = renderRules({ ...input, internet: true });
    expect(rules).toContain('iifname "kg-demo" oifname != "kg-demo" accept');
    expect(rules).toContain('iifname != "kg-demo" oifname "kg-demo" reject');
    expect(rules).toContain('ip saddr 10.77.0.0/24 oifname != "kg-demo" masquerade');
  });

  it('keeps everything inside without internet', () => {
    const rules = renderRules({ ...input, internet: false });
    expect(rules).toContain('iifname "kg-demo" oifname != "kg-demo" reject');
    expect(rules).not.toMatch(/masquerade|accept$/m);
  });
});

describe('forwardRules', () => {
  it('always lets machines reach each other, and the world only with internet', () => {
    const input = { bridge: 'kg-demo', mark: 'kglab:1' };
    expect(forwardRules({ ...input, internet: false })).toHaveLength(1);
    expect(forwardRules({ ...input, internet: true })).toHaveLength(3);
    for (const rule of forwardRules({ ...input, internet: true })) expect(rule).toContain('kglab:1');
  });
});

describe('mountsBelow', () => {
  it('finds the innermost first, not those of a neighbour', () => {
    const mountinfo = ['/', '/l/m', '/l/m/root', '/l/m\\040x', '/l/m2/root', '/l/m/root/proc']
      .map((path, index) => `${index} 0 0:1 / ${path} rw - ext4 x rw`)
      .join('\n');
    expect(mountsBelow(mountinfo, '/l/m')).toEqual(['/l/m/root/proc', '/l/m/root', '/l/m']);
    expect(mountsBelow(mountinfo, '/l/m x')).toEqual(['/l/m x']);
  });
});

describe('parseBootFile', () => {
  const stat = '812 (sh) S 1 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2';

  it('reads the process of this boot of the host', () => {
    expect(parseBootFile(`id-1\n${stat}\n`, 'id-1\n')).toEqual({ pid: 812, startTime: '98765' });
  });

  it('returns undefined for an earlier boot of the host, and for a zombie', () => {
    expect(parseBootFile(`id-0\n${stat}\n`, 'id-1\n')).toBeUndefined();
    expect(parseBootFile(`id-1\n${stat.replace(' S ', ' Z ')}\n`, 'id-1\n')).toBeUndefined();
    expect(parseBootFile('id-1\n', 'id-1\n')).toBeUndefined();
  });
});

describe('seed', () => {
  const files = seedFiles({
    name: 'demo-node1',
    machineId: 'f'.repeat(32),
    address: '10.77.0.11/24',
    gateway: '10.77.0.1',
    nameservers: ['9.9.9.9'],
    userData: '#cloud-config\n',
  });

  it('gives cloud-init the data as it is, and the static address', () => {
    expect(files['/var/lib/cloud/seed/nocloud/user-data']).toBe('#cloud-config\n');
    expect(files['/var/lib/cloud/seed/nocloud/network-config']).toContain("addresses: ['10.77.0.11/24']");
    expect(files['/etc/resolv.conf']).toBe('nameserver 9.9.9.9\n');
  });

  it('takes only nameservers that a machine can reach', () => {
    const text = 'search lan\nnameserver 127.0.0.53\nnameserver 10.0.0.53\nnameserver fe80::1\n';
    expect(parseNameservers(text)).toEqual(['10.0.0.53']);
  });
});
