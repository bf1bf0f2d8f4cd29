import { describe, expect, it } from 'vitest';
import { multipassChecks } from '../../../../src/providers/multipass/checks.js';
import type { Platform } from '../../../../src/providers/multipass/installation.js';
import { ScriptedExecutor } from '../../../helpers/scripted-executor.js';

/** A host on which all is well, to be told otherwise. */
const host = (): ScriptedExecutor =>
  new ScriptedExecutor('host')
    .on(/^sh -c/, '')
    .on(/^ss /, '')
    .on(/^snap list/, { exitCode: 1, stderr: 'no matching snaps installed' })
    .on(/socketfilterfw/, 'Firewall is disabled.')
    .on(/^snap connections/, 'kvm  multipass:kvm  :kvm  -\n')
    .on(/^multipass find/, '{}')
    .on('multipass get local.driver', 'qemu\n')
    .on(
      'multipass list --no-ipv4 --format json',
      '{"list":[{"name":"a","state":"Running","ipv4":["10.1.2.3"]}]}',
    )
    .on('multipass version --format json', '{"multipass":"1.16.3","multipassd":"1.16.3"}');

const missing = { exitCode: 127, stderr: 'multipass: command not found' };

/** What the applicable checks find, by id. */
const findings = async (executor: ScriptedExecutor, platform: Platform = 'linux') => {
  const found: Record<string, { ok: boolean; found: string; advice: string }> = {};
  for (const check of multipassChecks({ host: executor, platform, home: '/home/me' })) {
    if (!(await check.applicable())) continue;
    const { ok, found: text, fix } = await check.run();
    found[check.id] = { ok, found: text, advice: (fix?.commands ?? []).join('\n') };
  }
  return found;
};

describe('multipassChecks', () => {
  it('passes on a healthy host', async () => {
    const found = await findings(host());
    expect(Object.values(found).filter(({ ok }) => !ok)).toEqual([]);
    expect(found['multipass-version']?.found).toBe('1.16.3');
    expect(found['multipass-instances']?.found).toBe('1 instance');
  });

  it('runs each command once, in the home folder', async () => {
    const executor = host();
    await findings(executor);
    const words = executor.calls.map(({ command }) => [command.file, ...command.args].join(' '));
    expect(words.length).toBe(new Set(words).size);
    const asked = executor.calls.filter(({ command }) => command.file === 'multipass');
    expect(new Set(asked.map(({ command }) => command.cwd))).toEqual(new Set(['/home/me']));
  });

  it.each([
    ['linux', 'sudo snap install multipass'],
    ['darwin', 'brew install --cask multipass'],
    ['win32', 'canonical.com/multipass'],
  ] as const)('says how to install it on %s, and nothing else', async (platform, advice) => {
    const found = await findings(new ScriptedExecutor('host').on(/multipass/, missing), platform);
    expect(found['multipass']).toMatchObject({ ok: false, found: 'not installed' });
    expect(found['multipass']?.advice).toContain(advice);
    expect(found['multipass-service']).toBeUndefined();
  });

  it.each([
    [missing, 'MULTIPASS_MISSING'],
    [{ exitCode: 2, stderr: 'multipass socket access denied' }, 'MULTIPASS_SOCKET_DENIED'],
    [{ exitCode: 143, timedOut: true }, 'MULTIPASS_WEDGED'],
  ])('reports an error code when multipass does not work: %j', async (answer, code) => {
    const executor = new ScriptedExecutor('host').on(/^multipass/, answer).on(/^\/snap/, missing);
    const checks = multipassChecks({ host: executor, platform: 'linux', home: '/home/me' });
    const found = await Promise.all(checks.slice(0, 2).map((check) => check.run()));
    expect(found.find(({ error }) => error !== undefined)?.error?.code).toBe(code);
  });

  it('finds a program that is not in PATH', async () => {
    const executor = new ScriptedExecutor('host')
      .on(/^multipass/, missing)
      .on('/snap/bin/multipass version', '1.16.3');
    expect((await findings(executor))['multipass']?.found).toBe(
      'installed as /snap/bin/multipass, but not in PATH',
    );
  });

  it.each([
    ['cannot connect to the multipass socket', 'sudo snap restart multipass'],
    ['multipass socket access denied', 'sudo'],
    ['The client is not authenticated with the Multipass service.', 'multipass authenticate'],
    ["failed to open file '/x/multipass_root_cert.pem'", 'wait'],
  ])('explains: %s', async (stderr, advice) => {
    const executor = host().on('multipass list --no-ipv4 --format json', { exitCode: 2, stderr });
    const found = await findings(executor);
    expect(found['multipass-service']?.ok).toBe(false);
    expect(found['multipass-service']?.advice).toContain(advice);
    expect(found['multipass-driver']).toBeUndefined();
  });

  it('reports a service that hangs', async () => {
    const found = await findings(
      host().on('multipass list --no-ipv4 --format json', { exitCode: 143, timedOut: true }),
      'darwin',
    );
    expect(found['multipass-service']).toMatchObject({ ok: false });
    expect(found['multipass-service']?.advice).toContain('launchctl kickstart');
  });

  it.each([
    ['1.11.1', false, '1.12 or later'],
    ['1.12.2', true, 'older than 1.14 has no stop --force'],
    ['1.17.0', true, '1.17.0'],
  ])('judges version %s: %s', async (version, ok, text) => {
    const answer = JSON.stringify({ multipass: version, multipassd: version });
    const found = await findings(host().on('multipass version --format json', answer));
    expect(found['multipass-version']?.ok).toBe(ok);
    expect(found['multipass-version']?.found).toContain(text);
  });

  it('reports different versions of program and service', async () => {
    const executor = host().on(
      'multipass version --format json',
      '{"multipass":"1.16.3","multipassd":"1.16.2"}',
    );
    expect((await findings(executor))['multipass-version']?.found).toContain('restart the service');
  });

  it.each([
    ['virtualbox', false],
    ['lxd', true],
    ['hyperv', true],
  ])('judges driver %s: %s', async (driver, ok) => {
    const found = await findings(host().on('multipass get local.driver', `${driver}\n`));
    expect(found['multipass-driver']?.ok).toBe(ok);
  });

  it('requires KVM, and a snap that has access to it', async () => {
    const none = await findings(host().on(/^sh -c test -e/, { exitCode: 1 }));
    expect(none['kvm']).toMatchObject({ ok: false, found: 'no /dev/kvm' });
    const unplugged = await findings(host().on(/^snap connections/, 'kvm  multipass:kvm  -  -\n'));
    expect(unplugged['kvm']?.advice).toBe('sudo snap connect multipass:kvm');
    expect((await findings(host(), 'darwin'))['kvm']).toBeUndefined();
  });

  it('passes with a warning when the image servers are unreachable', async () => {
    const found = await findings(host().on(/^multipass find/, { exitCode: 2, stderr: 'unreachable' }));
    expect(found['multipass-images']).toMatchObject({ ok: true });
    expect(found['multipass-images']?.found).toContain('unreachable');
  });

  it('lists instances that cannot be used', async () => {
    const list =
      '{"list":[{"name":"a","state":"Unknown","ipv4":[]},{"name":"b","state":"Deleted","ipv4":[]}]}';
    const found = await findings(host().on('multipass list --no-ipv4 --format json', list));
    expect(found['multipass-instances']?.found).toBe('2 instances; unusable: a (unknown), b (deleted)');
  });
});
