import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { guestScript } from '../../../src/guest/script.js';

let dir = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kglab-quiesce-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

const fake = (name: string, script: string): void => {
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, name), 0o755);
};

/** A process that is one of a pod; resolves when it is ready to be ended. */
const podProcess = async (onTerm: string): Promise<ChildProcess> => {
  const child = spawn('sh', ['-c', `trap '${onTerm}' TERM; echo ready; while :; do sleep 0.05; done`]);
  children.push(child);
  await once(child.stdout, 'data');
  return child;
};

/** Runs the script over these processes, as if each were the first of a container; `sleep` takes no time. */
const end = (...pods: readonly ChildProcess[]): void => {
  const alive = pods.map(
    ({ pid }) => `[ -d /proc/${pid} ] && ! /bin/grep -q "State:.Z" /proc/${pid}/status && echo ${pid}`,
  );
  fake('find', `${alive.join('\n')}\n:`);
  fake('grep', 'exit 0');
  for (const name of ['systemctl', 'pkill']) fake(name, `echo "${name} $*" >> ${dir}/log`);
  const { file, args } = guestScript('k3s.sh', 'end_pods');
  spawnSync(file, args, { env: { ...process.env, PATH: `${dir}:${process.env['PATH']}` } });
};

it.skipIf(process.platform !== 'linux')('lets a pod end in order, and kills one that does not', async () => {
  const [polite, stubborn] = [await podProcess('exit 7'), await podProcess('')];
  fake('sleep', 'exec /bin/sleep 0.1');
  const exits = [once(polite, 'exit'), once(stubborn, 'exit')];
  // Not to be waited for synchronously: this process reaps what ends.
  end(polite, stubborn);
  expect((await exits[0])?.[0]).toBe(7);
  expect((await exits[1])?.[1]).toBe('SIGKILL');
});
