import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../../../../src/providers/nspawn/records.js';
import { bridgeName, ownerMark, tableName } from '../../../../src/providers/nspawn/names.js';
import { LabNetwork } from '../../../../src/providers/nspawn/network.js';
import { labPaths, type LabPaths } from '../../../../src/providers/nspawn/paths.js';
import { ScriptedExecutor } from '../../../helpers/scripted-executor.js';

const lab = { name: 'demo', id: 'abc123' };
const SUBNET = '10.77.0.0/24';
const BRIDGE = {
  ...{ ifname: bridgeName(lab), ifalias: ownerMark(lab), flags: ['UP'], linkinfo: { info_kind: 'bridge' } },
  addr_info: [{ family: 'inet', local: '10.77.0.1', prefixlen: 24 }],
};

let base = '';
let paths: LabPaths;
let host: ScriptedExecutor;
/** The chain FORWARD of the host: its policy, and its rules as they were given. */
let policy = 'DROP';
let rules: string[] = [];

/** `iptables -S` puts comments into quotes. */
const shown = (rule: string): string => rule.replace(/kglab:\S+/, '"$&"');
const ruleOf = (args: readonly string[]): string => args.slice(3).join(' ');

const network = (subnet?: string): LabNetwork =>
  new LabNetwork({ lab, host, dataDir: base, network: { subnet, internet: 'off' } }, paths);

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kglab-network-'));
  paths = labPaths(base, 'demo');
  policy = 'DROP';
  rules = [];
  host = new ScriptedExecutor('host')
    .on(/^ip -j -d addr/, JSON.stringify([BRIDGE]))
    .on(/^ip -j -4 route/, '[]')
    .on(/^ip link delete/)
    .on(/^nft /)
    .on(/^iptables -w -S/, () =>
      [`-P FORWARD ${policy}`, ...rules.map((rule) => `-A FORWARD ${shown(rule)}`)].join('\n'),
    )
    .on(/^iptables -w -C/, ({ args }) => ({ exitCode: rules.includes(ruleOf(args)) ? 0 : 1 }))
    .on(/^iptables -w -I/, ({ args }) => (rules.unshift(ruleOf(args)), ''))
    .on(/^iptables -w -D/, ({ args }) => {
      const found = rules.indexOf(ruleOf(args));
      if (found >= 0) rules.splice(found, 1);
      return { exitCode: found >= 0 ? 0 : 1 };
    });
  await writeJson(paths.network, {
    ...{ bridge: bridgeName(lab), table: tableName(lab), subnet: SUBNET, internet: false, firewall: false },
  });
});
afterEach(() => rm(base, { recursive: true, force: true }));

const ours = (): readonly string[] => rules.filter((rule) => rule.includes(ownerMark(lab)));

describe("rules in the host's firewall", () => {
  it('are removed with the lab, even if the host no longer drops packets', async () => {
    rules = ['-i docker0 -j ACCEPT'];
    await network().ensure();
    expect(ours()).toHaveLength(1);
    policy = 'ACCEPT';
    await network().ensure();
    expect(await network().record()).toMatchObject({ firewall: true });
    await network().remove();
    expect(rules).toEqual(['-i docker0 -j ACCEPT']);
  });

  it('are removed with the lab, even without a record of them', async () => {
    rules = [`-i a -m comment --comment ${ownerMark(lab)} -j ACCEPT`, `-i b --comment ${ownerMark(lab)}4`];
    await network().remove();
    expect(rules).toEqual([`-i b --comment ${ownerMark(lab)}4`]);
  });

  it('are reported missing when they were removed, or are needed now', async () => {
    expect(await network().missing()).toContain('the firewall blocks');
    await network().ensure();
    expect(await network().missing()).toBeUndefined();
    rules = [];
    expect(await network().missing()).toContain('the firewall blocks');
  });

  it('that cannot be made are an error', async () => {
    host.on(/^iptables -w -I/, { exitCode: 4, stderr: 'Permission denied' });
    await expect(network().ensure()).rejects.toMatchObject({ code: 'HOST_UNFIT' });
  });
});

describe('another range in the lab file', () => {
  it('is refused while there are machines, with what to do', async () => {
    await network().ensure();
    await mkdir(paths.machine('demo-node1').dir, { recursive: true });
    await expect(network('10.78.0.0/24').missing()).rejects.toMatchObject({
      code: 'LAB_CHANGED',
      hint: expect.stringContaining(SUBNET),
    });
    expect(await network(SUBNET).missing()).toBeUndefined();
  });

  it('is reported as missing when there are no machines', async () => {
    await network().ensure();
    expect(await network('10.78.0.0/24').missing()).toBe('the lab file sets another range: 10.78.0.0/24');
  });
});
