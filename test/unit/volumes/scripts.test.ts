import {
  access,
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { cmd } from '../../../src/exec/command.js';
import { guestProgram } from '../../../src/guest/script.js';

const host = new HostExecutor();
const NAME = 'pvc-68b86097-0c50-4bf6-baf0-0f987cc69983_default_data';
const PV = 'pvc-68b86097-0c50-4bf6-baf0-0f987cc69983';
const FROM = 'attribute-timeout=0,entry-timeout=0,negative-timeout=0,backup-volfile-servers=n2';

let dir: string;
let mount: string;

/** A program in front of all others. */
const fake = async (name: string, script: string): Promise<void> => {
  const path = join(dir, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
};

/** `stat -f` of Gluster for these directories and what lies in them; other calls go to the real one. */
const mounted = (...paths: readonly string[]): Promise<void> =>
  fake(
    'stat',
    `[ "$1" = -f ] || exec /usr/bin/stat "$@"\ncase $4 in ${paths.map((path) => `${path} | ${path}/*`).join(' | ') || 'none'}) echo 65735546 ;; *) echo ef53 ;; esac`,
  );

const run = (script: 'setup' | 'teardown', env: Record<string, string> = {}) =>
  host.exec(
    {
      ...cmd('sh', '-c', guestProgram(`provisioner-${script}.sh`)),
      env: {
        PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`,
        VOL_DIR: join(mount, NAME),
        VOL_SIZE_BYTES: '16777216',
        VOL_MODE: 'Filesystem',
        ...env,
      },
    },
    { timeoutMs: 15_000 },
  );

const entryFile = (): string => join(mount, '.kglab/catalogue', `${PV}.json`);
const entry = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(entryFile(), 'utf8')) as Record<string, unknown>;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-scripts-'));
  mount = join(dir, 'm');
  await mkdir(join(dir, 'bin'));
  await mkdir(mount);
  await mounted(mount);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('setup', () => {
  it('makes the directory for everybody, and an entry in the catalogue', async () => {
    expect(await run('setup')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await host.exec(cmd('stat', '-c', '%a', join(mount, NAME)))).stdout.trim()).toBe('777');
    expect(await entry()).toMatchObject({
      version: 1,
      pv: PV,
      path: join(mount, NAME),
      bytes: 16_777_216,
      volumeMode: 'Filesystem',
    });
  });

  it('may be repeated', async () => {
    await run('setup');
    await writeFile(join(mount, NAME, 'kept'), 'x');
    expect((await run('setup')).exitCode).toBe(0);
    expect(await readdir(join(mount, NAME))).toEqual(['kept']);
  });

  it('makes nothing on a disk of the node', async () => {
    await mounted();
    expect(await run('setup')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/is not a Gluster mount/) as string,
    });
    expect(await readdir(mount)).toEqual([]);
  });

  it('waits for the size limit where the volume has them, and hands on why there is none', async () => {
    await mkdir(join(mount, '.kglab/requests'), { recursive: true });
    await writeFile(join(mount, '.kglab/quota'), 'on');
    const request = join(mount, '.kglab/requests', `limit.${NAME}`);
    await fake(
      'sleep',
      `[ "$(cat ${request})" = 16777216 ] && echo no room > ${request}.failed; rm -f ${request}`,
    );
    expect(await run('setup')).toMatchObject({ exitCode: 1, stderr: 'kglab: no room\n' });
    await fake('sleep', `rm -f ${request}`);
    expect((await run('setup')).exitCode).toBe(0);
  });

  it('takes back a request that nobody meets, and says where to look', async () => {
    await mkdir(join(mount, '.kglab'));
    await writeFile(join(mount, '.kglab/quota'), 'on');
    await fake('sleep', 'exit 0');
    expect(await run('setup')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /limit .*: kglab-keeper did not answer on any machine \(systemctl status kglab-keeper\)/,
      ) as string,
    });
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
  });

  it('asks for a Gluster volume where only the place for mounts is', async () => {
    await mounted(join(mount, '.kglab'));
    await mkdir(join(mount, '.kglab'));
    await fake('sleep', `mv ${join(mount, '.kglab/requests', `create.${NAME}`)} ${join(dir, 'asked')}`);
    expect((await run('setup')).exitCode).toBe(0);
    expect(await readFile(join(dir, 'asked'), 'utf8')).toBe('16777216\n');
    expect(await readdir(mount)).toEqual(['.kglab']);
  });
});

describe('teardown', () => {
  it('leaves data that cannot be moved in its place, with its entry, and nothing in the quarantine', async () => {
    await run('setup');
    await writeFile(join(mount, NAME, 'f'), 'precious');
    await fake('mv', 'echo "mv: no" >&2; exit 1');
    const result = await run('teardown');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('it is still in its place');
    expect(await readFile(join(mount, NAME, 'f'), 'utf8')).toBe('precious');
    expect(await readdir(join(mount, '.kglab/quarantine'))).toEqual([]);
    expect(await readdir(join(mount, '.kglab/catalogue'))).toEqual([`${PV}.json`]);
  });

  it('takes data into the quarantine, with what the catalogue knew', async () => {
    await run('setup');
    await writeFile(join(mount, NAME, 'f'), 'precious');
    expect((await run('teardown')).exitCode).toBe(0);
    const [item = ''] = await readdir(join(mount, '.kglab/quarantine'));
    expect(item).toMatch(new RegExp(`^\\d{10}-${NAME}$`));
    expect(await readFile(join(mount, '.kglab/quarantine', item, 'data/f'), 'utf8')).toBe('precious');
    expect(
      JSON.parse(await readFile(join(mount, '.kglab/quarantine', item, 'manifest.json'), 'utf8')),
    ).toMatchObject({ pv: PV });
    expect(await readdir(mount)).toEqual(['.kglab']);
    await expect(entry()).rejects.toThrow();
  });

  it('keeps nothing of an empty directory', async () => {
    await run('setup');
    expect((await run('teardown')).exitCode).toBe(0);
    expect(await readdir(join(mount, '.kglab'))).toEqual(['catalogue']);
    expect(await readdir(join(mount, '.kglab/catalogue'))).toEqual([]);
  });

  it('may be repeated, and does not mind that there is nothing', async () => {
    expect(await run('teardown')).toMatchObject({ exitCode: 0, stderr: '' });
    await run('setup');
    await writeFile(join(mount, NAME, 'f'), 'precious');
    for (const _time of [1, 2]) expect(await run('teardown')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(join(mount, '.kglab/quarantine'))).toHaveLength(1);
  });

  it('takes nothing for deleted on a node without the mount', async () => {
    await run('setup');
    await mounted();
    expect(await run('teardown')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/nothing is deleted/) as string,
    });
    expect(await readdir(mount)).toContain(NAME);
  });
});

describe('guard', () => {
  const guard = (...paths: readonly string[]) =>
    host.exec(
      {
        ...cmd('sh', '-c', guestProgram('guard.sh'), 'guard', ...paths),
        env: { PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`, LOOK: '1', RUN: join(dir, 'run') },
      },
      { timeoutMs: 15_000 },
    );

  it('mounts the other volumes while one hangs, and fails', async () => {
    const other = join(dir, 'm2');
    const [isUp, never] = [join(dir, 'up'), join(dir, 'never')];
    await mkdir(other);
    await host.exec(cmd('mkfifo', never));
    await fake(
      'stat',
      `[ "$4" != ${mount} ] || exec cat ${never}\n[ ! -e ${isUp} ] || [ "$4" != ${other} ] || echo 65735546`,
    );
    await fake('systemd-escape', 'echo "$3"');
    await fake('systemctl', `[ "$1 $2" != "start ${other}" ] || : > ${isUp}`);
    expect(await guard(mount, other)).toMatchObject({
      exitCode: 1,
      stderr: `kglab: the volume is not mounted at ${mount} or does not answer; k3s waits and tries again\n`,
    });
    expect((await guard(other)).exitCode).toBe(0);
    expect(await readdir(join(dir, 'run'))).toEqual([]);
  });
});

describe('keeper', () => {
  const keeper = async (...args: string[]) => {
    const script = guestProgram('keeper.sh')
      .replaceAll('/etc/kglab', join(dir, 'etc'))
      .replaceAll('/run/kglab', join(dir, 'run'))
      .replaceAll('/proc/self/mounts', join(dir, 'mounts'))
      .replaceAll('/proc/[0-9]*/cmdline', join(dir, 'cmdlines'));
    await writeFile(join(dir, 'keeper'), script);
    const env = { PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`, LOG: join(dir, 'log') };
    return host.exec({ ...cmd('sh', join(dir, 'keeper'), ...args), env }, { timeoutMs: 15_000 });
  };
  /** Adds settings to those of keeper.env. */
  const configure = (...lines: readonly string[]) =>
    appendFile(join(dir, 'etc/keeper.env'), lines.map((line) => `${line}\n`).join(''));

  /** Processes of {@link hang}, one a line. */
  const stuck = async (): Promise<string[]> =>
    (await readFile(join(dir, 'stuck'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const hung = async (): Promise<number> => (await stuck()).length;

  /** A program that does not return when `condition` (of its arguments) is true; it writes down that it was called. */
  const hang = async (program: string, condition: string): Promise<void> => {
    const path = join(dir, 'bin', program);
    const before = await readFile(path, 'utf8').catch(() => `exec /usr/bin/${program} "$@"`);
    const fifo = join(dir, 'never');
    await host.exec(cmd('mkfifo', fifo));
    await fake(program, `if ${condition}; then echo $$ >> ${dir}/stuck; exec cat ${fifo}; fi\n${before}`);
  };

  /** Ends the processes that hang. */
  const release = async (): Promise<void> => {
    for (const pid of await stuck()) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has met its deadline.
      }
    }
  };
  afterEach(release);

  const log = async (): Promise<string[]> => (await readFile(join(dir, 'log'), 'utf8')).trim().split('\n');

  beforeEach(async () => {
    await mkdir(join(dir, 'etc'));
    await mkdir(join(mount, '.kglab/requests'), { recursive: true });
    await writeFile(join(dir, 'etc/keeper.env'), 'RANK=0\nNODE=1\nSERVER=0\nEVERY=1\n');
    await writeFile(
      join(dir, 'etc/keeper.table'),
      `gv0|${mount}|${mount}.claims|1|0|replica 3|n1:/b/.claims n2:/b/.claims|n1:n2|a.b on\n`,
    );
    // One look is enough for a test.
    await fake('sleep', 'kill $PPID');
    await fake('gluster', 'echo "$@" >> "$LOG"');
    await fake('mount', 'echo mount "$@" >> "$LOG"');
    await fake('umount', 'echo umount "$@" >> "$LOG"');
  });

  it('writes an entry for each volume of the cluster that lies on a volume of the lab', async () => {
    const line = (path: string, pv: string): string =>
      `${path}|${pv}|{"version":1,"pv":"${pv}","path":"${path}"}`;
    const lines = [
      line(join(mount, NAME), PV),
      line('/elsewhere/x', 'foreign'),
      line(`${mount}.claims/y`, 'own'),
    ];
    await fake('k3s', `cat <<'END'\n${lines.join('\n')}\nEND`);
    expect((await keeper('catalogue')).exitCode).toBe(0);
    expect(await readdir(join(mount, '.kglab/catalogue'))).toEqual(['own.json', `${PV}.json`]);
    expect(await entry()).toMatchObject({ pv: PV });
  });

  it('writes no catalogue while another keeper does', async () => {
    const line = `${join(mount, NAME)}|${PV}|{"version":1,"pv":"${PV}","path":"${join(mount, NAME)}"}`;
    await fake('k3s', `echo '${line}'`);
    await fake('flock', 'exit 1');
    expect((await keeper('catalogue')).exitCode).toBe(1);
    await expect(entry()).rejects.toThrow();
  });

  it('writes what is missing as soon as the volume is mounted', async () => {
    const line = `${join(mount, NAME)}|${PV}|{"version":1,"pv":"${PV}","path":"a\\\\b"}`;
    await fake('k3s', `cat <<'END'\n${line}\nEND`);
    await writeFile(join(dir, 'etc/keeper.env'), 'RANK=\nNODE=1\nSERVER=1\nEVERY=15\n');
    await mounted();
    await keeper();
    await expect(entry()).rejects.toThrow();
    await mounted(mount);
    await keeper();
    expect(await entry()).toMatchObject({ pv: PV, path: 'a\\b' });
  });

  it('leaves entries of a newer kglab as they are, and mends damaged ones', async () => {
    const file = (pv: string): string => join(mount, '.kglab/catalogue', `${pv}.json`);
    const newer = `{"version": 2, "claim":"a", "path":"${mount}/gone"}`;
    await mkdir(join(mount, '.kglab/catalogue'));
    for (const pv of ['known', 'gone']) await writeFile(file(pv), newer);
    await writeFile(file('torn'), '{"vers');
    const lines = ['known', 'torn'].map((pv) => `${mount}/${pv}|${pv}|{"version":1,"pv":"${pv}"}`);
    await fake('k3s', `cat <<'END'\n${lines.join('\n')}\nEND`);
    expect((await keeper('catalogue')).exitCode).toBe(0);
    for (const pv of ['known', 'gone']) expect(await readFile(file(pv), 'utf8')).toBe(newer);
    expect(await readFile(file('torn'), 'utf8')).toBe('{"version":1,"pv":"torn"}\n');
  });

  it('keeps what it has written while the cluster does not answer', async () => {
    await run('setup');
    await fake('k3s', 'exit 1');
    expect((await keeper('catalogue')).exitCode).toBe(1);
    expect(await entry()).toMatchObject({ pv: PV });
  });

  it('forgets volumes that are gone from cluster and disk, and no others', async () => {
    const entries = join(mount, '.kglab/catalogue');
    await mkdir(join(mount, '.kglab/volumes'), { recursive: true });
    await mkdir(entries);
    await mkdir(join(mount, 'kept_a_b'));
    await writeFile(join(mount, '.kglab/volumes/own_a_b'), '');
    const write = (pv: string, path: string, rest = ',"claim":"b"') =>
      writeFile(join(entries, `${pv}.json`), `{"version":1,"pv":"${pv}","path":"${path}"${rest}}`);
    await write('gone', `${mount}/gone_a_b`);
    await write('kept', `${mount}/kept_a_b`);
    await write('own', `${mount}.claims/own_a_b`);
    await write('fresh', `${mount}/fresh_a_b`, '');
    // Another volume of the cluster has its place.
    await mkdir(join(mount, 'taken'));
    await write('stale', `${mount}/taken`);
    await write('taker', `${mount}/taken/`);
    await fake('k3s', `echo '${mount}/taken/|taker|{"version":1,"pv":"taker"}'`);
    expect((await keeper('catalogue')).exitCode).toBe(0);
    expect(await readdir(entries)).toEqual(['fresh.json', 'kept.json', 'own.json', 'taker.json']);
  });

  it('forgets no volume that it cannot see: the folder has to say that it is not there', async () => {
    const entries = join(mount, '.kglab/catalogue');
    await mkdir(entries);
    await fake('k3s', 'exit 0');
    const write = (pv: string, path: string) =>
      writeFile(join(entries, `${pv}.json`), `{"version":1,"pv":"${pv}","path":"${path}","claim":"b"}`);
    // stat(2) of a link to itself fails, as it does on a volume that has lost its bricks.
    await symlink('unseen_a_b', join(mount, 'unseen_a_b'));
    await write('unseen', `${mount}/unseen_a_b`);
    await mkdir(join(mount, '.kglab/volumes'));
    await symlink('own_a_b', join(mount, '.kglab/volumes/own_a_b'));
    await write('own', `${mount}.claims/own_a_b`);
    await write('gone', `${mount}/gone_a_b`);
    await write('deep', `${mount}/gone_a_b/deep/`);
    await fake('ls', 'exit 2');
    expect((await keeper('catalogue')).exitCode).toBe(0);
    expect(await readdir(entries)).toEqual(['deep.json', 'gone.json', 'own.json', 'unseen.json']);
    await rm(join(dir, 'bin/ls'));
    expect((await keeper('catalogue')).exitCode).toBe(0);
    expect(await readdir(entries)).toEqual(['own.json', 'unseen.json']);
  });

  it('sets a size limit, and says so by taking the request away', async () => {
    await writeFile(join(mount, '.kglab/requests', `limit.${NAME}`), '16777216');
    await keeper();
    expect(await log()).toEqual([`--mode=script volume quota gv0 limit-usage /${NAME} 16777216`]);
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
  });

  it('tells helper pods whether there are size limits, also when there are none any more', async () => {
    await writeFile(join(dir, 'etc/keeper.env'), 'RANK=\nNODE=1\nSERVER=1\nEVERY=15\n');
    await fake('k3s', 'exit 1');
    await keeper();
    expect(await readFile(join(mount, '.kglab/quota'), 'utf8')).toBe('on\n');
    const table = join(dir, 'etc/keeper.table');
    await writeFile(table, (await readFile(table, 'utf8')).replace('.claims|1|', '.claims|0|'));
    await keeper();
    expect(await readdir(join(mount, '.kglab'))).not.toContain('quota');
  });

  it('leaves the reason when Gluster refuses, and tries again while it is busy', async () => {
    const request = join(mount, '.kglab/requests', `limit.${NAME}`);
    await writeFile(request, '1');
    await fake('gluster', 'echo "Another transaction is in progress for gv0"; exit 1');
    await keeper();
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([`limit.${NAME}`]);
    await fake('gluster', 'echo "quota is disabled"; exit 1');
    await keeper();
    expect(await readFile(`${request}.failed`, 'utf8')).toBe('quota is disabled\n');
  });

  it('makes a Gluster volume for a claim, and registers it when it is whole', async () => {
    await writeFile(join(mount, '.kglab/requests', `create.${NAME}`), '16777216');
    await fake('chmod', 'exit 0');
    await keeper();
    expect((await log()).map((line) => line.replace('--mode=script ', ''))).toEqual([
      'volume set all cluster.brick-multiplex on',
      `volume create ${PV} replica 3 n1:/b/.claims/${PV} n2:/b/.claims/${PV} force`,
      `volume set ${PV} a.b on`,
      `volume start ${PV}`,
      `volume quota ${PV} enable`,
      `volume set ${PV} features.quota-deem-statfs on features.soft-timeout 0 features.hard-timeout 0`,
      `volume quota ${PV} limit-usage / 16777216`,
      `umount -l ${join(dir, 'run/new', PV)}`,
      `mount -t glusterfs -o ${FROM} n1:/${PV} ${join(dir, 'run/new', PV)}`,
      `umount ${join(dir, 'run/new', PV)}`,
    ]);
    expect(await readdir(join(mount, '.kglab/volumes'))).toEqual([NAME]);
  });

  it('hands option values to Gluster as they are: no name of a file takes the place of a *', async () => {
    await writeFile(join(mount, '.kglab/requests', `create.${NAME}`), '16777216');
    const values = 'auth.allow * x.y /* a.b [a-z]?|\\n c.d |';
    await writeFile(
      join(dir, 'etc/keeper.table'),
      `gv0|${mount}|${mount}.claims|0|1|replica 3|n1:/b/.claims|n1:n2|${values} \n`,
    );
    await fake('chmod', 'exit 0');
    await fake('gluster', 'printf "%s " "$@" >> "$LOG"; echo >> "$LOG"');
    await configure('NODE=0');
    await keeper();
    expect(await log()).toContain(`--mode=script volume set ${PV} ${values} `);
  });

  it('refuses a request for a name that kglab does not give', async () => {
    await writeFile(join(mount, '.kglab/requests', 'limit.a *'), '1');
    await keeper();
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual(['limit.a *.failed']);
    await expect(log()).rejects.toThrow();
  });

  it('goes on where an earlier try was cut off', async () => {
    await writeFile(join(mount, '.kglab/requests', `create.${NAME}`), '16777216');
    await fake(
      'gluster',
      'case "$*" in *create*) echo "volume create: x: failed: Volume x already exists"; exit 1;; *start*) echo "Volume x already started"; exit 1;; esac',
    );
    await fake('chmod', 'exit 0');
    await keeper();
    expect(await readdir(join(mount, '.kglab/volumes'))).toEqual([NAME]);
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
  });

  it('is not silent while it works, so that no other machine takes the request over', async () => {
    const request = join(mount, '.kglab/requests', `create.${NAME}`);
    await writeFile(request, '16777216');
    const age = `echo $(($(date +%s) - $(stat -c %Y ${request}))) >> "$LOG"; touch -d '1 hour ago' ${request}`;
    await fake('gluster', age);
    await fake('mount', age);
    await fake('chmod', 'exit 0');
    await fake('umount', 'exit 0');
    await keeper();
    const ages = (await log()).map(Number);
    expect(ages).toHaveLength(8);
    expect(Math.max(...ages)).toBeLessThan(60);
  });

  it.each([
    ['before the volume is started', 'gluster', 'start'],
    ['while the volume is mounted', 'mount', ''],
    ['at the last moment', 'chmod', ''],
    ['while Gluster refuses', 'gluster', 'refuse'],
  ])('leaves nothing of a request that another machine has met: %s', async (_when, program, at) => {
    const request = join(mount, '.kglab/requests', `create.${NAME}`);
    await writeFile(request, '16777216');
    await fake('chmod', 'exit 0');
    const met = `rm -f ${request}`;
    await fake(
      program,
      {
        start: `echo "$@" >> "$LOG"; case "$*" in *"set ${PV}"*) ${met} ;; esac`,
        refuse: `${met}; echo refused; exit 1`,
      }[at] ?? `echo "$@" >> "$LOG"; ${met}`,
    );
    await keeper();
    expect(await readdir(join(mount, '.kglab'))).toEqual(['requests']);
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
    if (at === 'start') expect((await log()).at(-1)).toMatch(/set pvc-\S+ a\.b on$/);
  });

  it('shares no file of half an entry with another machine', async () => {
    await fake('mv', 'echo "${1%[!0-9]*}" >> "$LOG"; exec /bin/mv "$@"');
    await fake('k3s', 'exit 1');
    await writeFile(join(dir, 'etc/keeper.env'), 'RANK=\nNODE=1\nSERVER=1\nEVERY=15\n');
    for (const machine of ['n1', 'n2']) {
      await fake('hostname', `echo ${machine}`);
      await keeper();
      await rm(join(mount, '.kglab/quota'));
    }
    const names = await log();
    expect(names).toHaveLength(2);
    expect(names[0]).not.toBe(names[1]);
  });

  it('keeps request and entry of a deleted claim that cannot be moved to the quarantine', async () => {
    await mkdir(join(mount, '.kglab/volumes'));
    await mkdir(join(mount, '.kglab/catalogue'), { recursive: true });
    await writeFile(join(mount, '.kglab/volumes', NAME), '16777216');
    await writeFile(join(mount, '.kglab/catalogue', `${PV}.json`), '{}');
    await writeFile(join(mount, '.kglab/requests', `delete.${NAME}`), '');
    await fake('mv', `case $1 in */volumes/*) echo "mv: no" >&2; exit 1 ;; *) exec /bin/mv "$@" ;; esac`);
    const { stderr } = await keeper();
    expect(stderr).toContain(
      `keeper: delete ${NAME}: ${mount}/.kglab/volumes/${NAME} cannot be moved to the quarantine`,
    );
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([`delete.${NAME}`]);
    expect(await readdir(join(mount, '.kglab/volumes'))).toEqual([NAME]);
    expect(await readdir(join(mount, '.kglab/catalogue'))).toEqual([`${PV}.json`]);
    expect(await readdir(join(mount, '.kglab/quarantine'))).toEqual([]);
  });

  it('stops the volume of a deleted claim and keeps it', async () => {
    await mkdir(join(mount, '.kglab/volumes'));
    await writeFile(join(mount, '.kglab/volumes', NAME), '16777216');
    await writeFile(join(mount, '.kglab/requests', `delete.${NAME}`), '');
    await fake('sleep', 'case $1 in 2) ;; *) kill $PPID ;; esac');
    await keeper();
    expect(await log()).toEqual([`--mode=script volume stop ${PV} force`]);
    const [item = ''] = await readdir(join(mount, '.kglab/quarantine'));
    expect(await readdir(join(mount, '.kglab/quarantine', item))).toEqual(['volume']);
  });

  it.each([
    ['mounted', 'mount', 'Mount failed'],
    ['written to', 'chmod', 'Transport endpoint is not connected'],
  ])('registers no volume that cannot be %s, and tries again', async (_what, program, reason) => {
    const request = join(mount, '.kglab/requests', `create.${NAME}`);
    await writeFile(request, '16777216');
    await fake('chmod', 'exit 0');
    await fake(program, `echo "${reason}" >&2; exit 1`);
    expect((await keeper()).stderr).toContain(`create ${NAME}: ${reason}`);
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([`create.${NAME}`]);
    await expect(readdir(join(mount, '.kglab/volumes'))).rejects.toThrow();
    await fake(program, 'exit 0');
    await keeper();
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
    expect(await readdir(join(mount, '.kglab/volumes'))).toEqual([NAME]);
  });

  it('leaves a fresh request to the machine whose turn it is', async () => {
    await writeFile(join(dir, 'etc/keeper.env'), 'RANK=1\nNODE=1\nSERVER=0\nEVERY=1\n');
    await writeFile(join(mount, '.kglab/requests', `limit.${NAME}`), '1');
    await keeper();
    const request = join(mount, '.kglab/requests', `limit.${NAME}`);
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([`limit.${NAME}`]);
    // The machine whose turn it was has not met it for long.
    await utimes(request, new Date(0), new Date(0));
    await keeper();
    expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
  });

  describe('on a node, for a claim with a volume of its own', () => {
    const claims = (): string => `${mount}.claims`;
    const place = (): string => join(claims(), NAME);
    const staged = (): string => join(dir, 'run/mounting', NAME);

    beforeEach(async () => {
      const line = `gv0|${mount}|${claims()}|0|1|replica 2|n1:/b/.claims n2:/b/.claims|n1:n2|\n`;
      await writeFile(join(dir, 'etc/keeper.table'), line);
      await mkdir(join(mount, '.kglab/volumes'));
      await writeFile(join(mount, '.kglab/volumes', NAME), '');
      await mkdir(join(claims(), '.kglab'), { recursive: true });
      await mounted(mount, join(claims(), '.kglab'));
      await fake('chattr', 'exit 0');
      await writeFile(join(dir, 'mounts'), '');
    });

    it('mounts from machines with a glusterd, and makes the place when there is something to put there', async () => {
      await fake('mount', `echo mount "$@" $([ -e ${place()} ] || echo , no place) >> "$LOG"`);
      await keeper();
      expect(await log()).toEqual([
        `umount -l ${staged()}`,
        `mount -t glusterfs -o ${FROM} n1:/${PV} ${staged()} , no place`,
        `mount --bind ${staged()} ${place()}`,
        `umount -l ${staged()}`,
      ]);
    });

    it('leaves no place when the volume cannot be mounted', async () => {
      await fake('mount', 'exit 1');
      await mkdir(place());
      expect((await keeper()).stderr).toContain(`${NAME} cannot be mounted`);
      expect(await readdir(claims())).toEqual(['.kglab']);
    });

    it('leaves a client alone that waits for its bricks, and takes away a dead one', async () => {
      await writeFile(join(dir, 'mounts'), `n1:/${PV} ${place()} fuse.glusterfs rw 0 0\n`);
      await writeFile(join(dir, 'cmdlines'), `glusterfs\0--volfile-id=/${PV}\0${staged()}\0`);
      await keeper();
      await expect(log()).rejects.toThrow();
      await writeFile(join(dir, 'cmdlines'), '');
      await keeper();
      expect((await log())[0]).toBe(`umount -l ${place()}`);
      expect((await log()).at(-2)).toBe(`mount --bind ${staged()} ${place()}`);
    });

    it('takes away the places that a reboot has left empty', async () => {
      await mkdir(place());
      const live = join(claims(), 'pvc-2_default_live');
      await mkdir(live);
      await writeFile(join(dir, 'mounts'), `n1:/pvc-2 ${live} fuse.glusterfs rw 0 0\n`);
      expect((await keeper('clear')).exitCode).toBe(0);
      expect((await readdir(claims())).sort()).toEqual(['.kglab', 'pvc-2_default_live']);
    });

    it('mounts the other claims when one hangs, and tries that one again on its own', async () => {
      const other = 'pvc-0_default_other';
      await writeFile(join(mount, '.kglab/volumes', other), '');
      await configure('MOUNT=1');
      await hang('mount', `[ "$3 $4 $6" = "-o ${FROM} ${join(dir, 'run/mounting', other)}" ]`);
      expect((await keeper('work', 'gv0')).stderr).toContain(`${other} cannot be mounted`);
      expect(await log()).toContain(`mount --bind ${staged()} ${place()}`);
      await rm(join(dir, 'log'));
      await fake('mount', 'echo mount "$@" >> "$LOG"');
      await keeper('work', 'gv0');
      expect((await log()).join('\n')).not.toContain(other);
      expect((await keeper('late', 'gv0')).exitCode).toBe(0);
      expect((await log()).join('\n')).toContain(`${join(claims(), other)}`);
      await rm(join(dir, 'log'));
      await keeper('work', 'gv0');
      expect((await log()).join('\n')).toContain(other);
    });

    it('leaves a claim mounted while it is not known in time whether its client runs', async () => {
      await writeFile(join(dir, 'mounts'), `n1:/${PV} ${place()} fuse.glusterfs rw 0 0\n`);
      await configure('LOOK=1');
      await hang('grep', '[ "$1" = -qsa ]');
      await keeper('work', 'gv0');
      await expect(log()).rejects.toThrow();
    });

    it('unmounts the other deleted claims when the unmount of one hangs, and tries that one again', async () => {
      await rm(join(mount, '.kglab/volumes', NAME));
      const other = join(claims(), 'pvc-0_default_other');
      for (const path of [place(), other]) await mkdir(path);
      await configure('LOOK=1');
      await hang('umount', `[ "$2" = ${other} ]`);
      await keeper('work', 'gv0');
      expect((await readdir(claims())).sort()).toEqual(['.kglab', 'pvc-0_default_other']);
      await keeper('work', 'gv0');
      expect(await hung()).toBe(1);
      await fake('umount', 'exit 0');
      await keeper('late', 'gv0');
      expect(await readdir(claims())).toEqual(['.kglab']);
    });

    it('leaves a claim that hangs mounted, and looks at it only once at a time', async () => {
      await writeFile(join(dir, 'mounts'), `n1:/${PV} ${place()} fuse.glusterfs rw 0 0\n`);
      await writeFile(join(dir, 'cmdlines'), '');
      await configure('LOOK=1');
      await hang('stat', `[ "$4" = ${place()} ]`);
      await keeper('work', 'gv0');
      await expect(log()).rejects.toThrow();
      // A process that cannot be killed: its lock stays.
      const mark = join(dir, 'run/late/gv0', NAME);
      await fake('flock', `[ "$2" != ${mark} ] || exit 1\nexec /usr/bin/flock "$@"`);
      await keeper('late', 'gv0');
      expect(await hung()).toBe(1);
      await rm(join(dir, 'bin/flock'));
      await keeper('late', 'gv0');
      expect(await hung()).toBe(2);
      await expect(log()).rejects.toThrow();
    });
  });

  describe('with a volume that hangs', () => {
    const other = (): string => join(dir, 'm2');
    const request = (at: string): string => join(at, '.kglab/requests', `limit.${NAME}`);
    const isMet = (at: string): Promise<boolean> =>
      access(request(at)).then(
        () => false,
        () => true,
      );
    const met = (at: string) => vi.waitFor(async () => expect(await isMet(at)).toBe(true), 10_000);
    const line = (name: string, at: string): string =>
      `${name}|${at}|${at}.claims|1|0|replica 3|n1:/b/.claims|n1:n2|\n`;

    beforeEach(async () => {
      await mkdir(join(other(), '.kglab/requests'), { recursive: true });
      await mounted(mount, other());
      await writeFile(join(dir, 'etc/keeper.table'), line('gv0', mount) + line('gv1', other()));
      for (const at of [mount, other()]) await writeFile(request(at), '1');
    });

    it.each([
      ['gluster', 'a request', 1, () => '[ "$4" = gv0 ]'],
      ['stat', 'its mount point', 1, () => `[ "$4" = ${mount} ]`],
      ['stat', 'a request', 1, () => `[ "$3" = ${request(mount)} ]`],
      ['ls', 'its requests', 1, () => `[ "$1" = ${mount}/.kglab/requests ]`],
      ['mount', 'its mount point', 0, () => '[ "$5" = n1:/gv0 ]'],
    ])(
      'meets the requests of another volume while %s does not return for %s',
      async (program, _of, node, condition) => {
        if (node === 0) await mounted(other());
        await configure(`NODE=${node}`);
        await hang(program, condition());
        const running = keeper();
        await met(other());
        await vi.waitFor(async () => expect(await hung()).toBe(1), 10_000);
        expect(await isMet(mount)).toBe(false);
        await release();
        await running;
      },
    );

    it('tries a request again when gluster has not ended in time, and gives no reason for a failure', async () => {
      await configure('COMMAND=0.2');
      await hang('gluster', '[ "$4" = gv0 ]');
      expect((await keeper('work', 'gv0')).stderr).toContain('has not ended within 0.2 s');
      expect(await readdir(join(mount, '.kglab/requests'))).toEqual([`limit.${NAME}`]);
      await fake('gluster', 'exit 0');
      expect((await keeper('work', 'gv0')).exitCode).toBe(0);
      expect(await readdir(join(mount, '.kglab/requests'))).toEqual([]);
    });

    it('starts no second round for a volume while one is under way, and another one after that', async () => {
      // Five seconds of the daemon's time, each when the last one's rounds have been started or refused.
      const tries = join(dir, 'tries');
      await fake('flock', `/usr/bin/flock "$@"; code=$?; echo >> ${tries}; exit $code`);
      await fake(
        'sleep',
        `echo >> ${dir}/ticks; n=$(wc -l < ${dir}/ticks)\nuntil [ "$(cat ${tries} 2>/dev/null | wc -l)" -ge $((n * 2)) ]; do /bin/sleep 0.05; done\n[ "$n" -lt 5 ] || kill $PPID`,
      );
      await hang('gluster', '[ "$4" = gv0 ]');
      const running = keeper();
      await met(other());
      await vi.waitFor(async () => expect((await readFile(tries, 'utf8')).length).toBe(10), 10_000);
      expect(await hung()).toBe(1);
      await release();
      await running;
      await fake('gluster', 'exit 0');
      expect((await keeper('work', 'gv0')).exitCode).toBe(0);
      await met(mount);
    });

    it('does not unmount what is slow: the own mount of a storage machine', async () => {
      await configure('NODE=0', 'LOOK=1');
      await hang('stat', `[ "$4" = ${mount} ]`);
      await keeper('work', 'gv0');
      await expect(log()).rejects.toThrow();
    });

    it('ends a round at its deadline, and starts the next when nothing of it is left', async () => {
      await configure('ROUND=0.5');
      await hang('gluster', '[ "$4" = gv0 ]');
      await vi.waitFor(async () => {
        await keeper();
        expect(await hung()).toBe(1);
      }, 10_000);
      await configure('ROUND=60');
      await keeper();
      expect(await hung()).toBe(1);
      expect(await isMet(mount)).toBe(false);
      await release();
      await fake('gluster', 'exit 0');
      await vi.waitFor(async () => {
        await keeper();
        expect(await isMet(mount)).toBe(true);
      }, 10_000);
    });

    it('writes the catalogue of the other volumes', async () => {
      const entries = [mount, other()].map(
        (at, index) => `${at}/x|pv${index}|{"version":1,"pv":"pv${index}"}`,
      );
      await fake('k3s', `cat <<'END'\n${entries.join('\n')}\nEND`);
      await configure('LOOK=1', 'RECORD=3');
      const at = (path: string): string => join(path, '.kglab/catalogue');
      await hang('stat', `[ "$4" = ${mount} ]`);
      expect((await keeper('catalogue')).exitCode).toBe(0);
      expect(await readdir(at(other()))).toEqual(['pv1.json']);
      await rm(at(other()), { recursive: true });
      // This one is at work on the volume itself.
      await mounted(mount, other());
      await hang('mkdir', `[ "$2" = ${at(mount)} ]`);
      expect(await keeper('catalogue')).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining('the catalogue on gv0 was not finished within 3 s') as string,
      });
      expect(await readdir(at(other()))).toEqual(['pv1.json']);
      await release();
      await rm(join(dir, 'bin/mkdir'));
      await keeper('catalogue');
      expect(await readdir(at(mount))).toEqual(['pv0.json']);
    });
  });
});
