import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { chooseProvider } from '../../../src/providers/registry.js';
import { ScriptedExecutor } from '../../helpers/scripted-executor.js';

const choose = (host: ScriptedExecutor) => chooseProvider('auto', host);

describe('provider: auto', () => {
  it.each([
    ['answers', ''],
    ['has no service', { exitCode: 2, stderr: 'cannot connect to the multipass socket' }],
    ['was only just installed', { exitCode: 1, stderr: 'failed to open multipass_root_cert.pem' }],
    ['hangs', { exitCode: 143, timedOut: true }],
  ])('is multipass where that %s, asked in the home folder', async (_how, answer) => {
    const host = new ScriptedExecutor('host').on('multipass version', answer);
    expect(await choose(host)).toBe('multipass');
    expect(host.calls[0]?.command.cwd).toBe(homedir());
  });

  it.each([
    [0, 'nspawn'],
    [1, undefined],
  ])(
    'is system containers where it is not installed and a test for Linux ends with %i: %s',
    async (exitCode, id) => {
      const host = new ScriptedExecutor('host')
        .on('multipass version', { exitCode: 127, stderr: 'multipass: command not found' })
        .on(/^test -d/, { exitCode });
      if (id === undefined) await expect(choose(host)).rejects.toMatchObject({ code: 'HOST_UNFIT' });
      else expect(await choose(host)).toBe(id);
    },
  );
});
