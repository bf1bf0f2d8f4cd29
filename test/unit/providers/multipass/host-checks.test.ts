import { describe, expect, it } from 'vitest';
import { multipassHostChecks } from '../../../../src/providers/multipass/host-checks.js';
import type { Platform } from '../../../../src/providers/multipass/installation.js';
import { ScriptedExecutor } from '../../../helpers/scripted-executor.js';

const SNAP =
  'Name       Version  Rev    Tracking       Publisher   Notes\nmultipass  1.16.3   16000  latest/stable  canonical**  ';
/** `ss -Hlun`: a systemd-resolved, and the dnsmasq of multipass. */
const OWN_ONLY =
  'UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*\nUNCONN 0      0      10.1.2.1:53        0.0.0.0:*\n';

const host = (): ScriptedExecutor =>
  new ScriptedExecutor('host')
    .on(/^ss /, OWN_ONLY)
    .on('snap list multipass', `${SNAP}held\n`)
    .on(/socketfilterfw --getglobalstate$/, 'Firewall is disabled. (State = 0)\n');

const findings = async (
  executor: ScriptedExecutor,
  platform: Platform = 'linux',
  { reachable = true, storage = '/' } = {},
) => {
  const found: Record<string, { ok: boolean; found: string }> = {};
  const isReachable = () => Promise.resolve(reachable);
  for (const check of multipassHostChecks({ host: executor, platform, home: '/', storage, isReachable }))
    if (await check.applicable()) found[check.id] = await check.run();
  return found;
};

describe('multipassHostChecks', () => {
  it('runs the checks of each operating system', async () => {
    expect(Object.keys(await findings(host()))).toEqual(['disk', 'port-53', 'snap-refresh']);
    expect(Object.keys(await findings(host(), 'darwin'))).toEqual(['disk', 'mac-firewall']);
    expect(Object.keys(await findings(host(), 'win32'))).toEqual(['disk']);
    expect(await findings(host(), 'linux', { reachable: false })).toEqual({});
  });

  it.each([
    [OWN_ONLY, 'port 53 is free'],
    ['', 'port 53 is free'],
    [`${OWN_ONLY}UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n`, 'another program listens'],
    ['UNCONN 0 0 *:53 *:*\n', 'another program listens'],
    ['UNCONN 0 0 [::]:53 [::]:*\n', 'another program listens'],
    // Who listens on another port, or is a peer of such an address, is nobody's trouble.
    ['UNCONN 0 0 0.0.0.0:5353 0.0.0.0:53\n', 'port 53 is free'],
  ])('reports another name server on port 53: %j', async (listening, found) => {
    expect((await findings(host().on(/^ss /, listening)))['port-53']?.found).toContain(found);
  });

  it.each<[string | { exitCode: number; stderr: string }, string]>([
    [`${SNAP}-\n`, 'sudo snap refresh --hold multipass'],
    [`${SNAP}held\n`, 'held'],
    [`${SNAP}classic,held\n`, 'held'],
    [{ exitCode: 1, stderr: 'error: no matching snaps installed' }, 'not a snap'],
  ])('reports whether an update may stop all machines: %j', async (answer, found) => {
    const seen = (await findings(host().on('snap list multipass', answer)))['snap-refresh'];
    expect(seen?.found.endsWith(found)).toBe(true);
  });

  it('says how to let machines get addresses through the macOS firewall', async () => {
    const on = host().on(/--getglobalstate$/, 'Firewall is enabled. (State = 1)\n');
    expect((await findings(on, 'darwin'))['mac-firewall']?.found).toContain(
      '--unblockapp /usr/libexec/bootpd',
    );
    expect((await findings(host(), 'darwin'))['mac-firewall']?.found).toBe('off');
  });

  it('requires disk space for new machines, but not for an existing lab', async () => {
    const [disk] = multipassHostChecks({
      host: host(),
      platform: 'linux',
      home: '/',
      // A file system without any room of its own.
      storage: '/proc',
      isReachable: () => Promise.resolve(true),
    });
    expect(await disk?.run()).toMatchObject({
      ok: false,
      found: expect.stringMatching(/^0\.0 GiB; .*10 GiB/) as string,
    });
    expect(disk?.optional).toBe('three new machines');
  });
});
