import type { Command, CommandResult, ExecOptions, Executor } from '../../../../src/exec/command.js';
import type { FakeClock } from '../../../helpers/fake-clock.js';

/** An answer: stdout, or an exit code with stderr, or none at all until the deadline. */
export type Answer =
  string | { readonly exitCode: number; readonly stderr: string } | { readonly silent: true };

interface Instance {
  state: string;
  marker: string;
  /** Whether its first boot is over. */
  booted: boolean;
}

const ok = (stdout = ''): CommandResult => ({ exitCode: 0, stdout, stderr: '', durationMs: 1 });

/** Just enough of a daemon to see what the provider asks of it: instances as data, answers to launch and start by script. */
export class FakeDaemon implements Executor {
  readonly calls: string[] = [];
  readonly instances = new Map<string, Instance>();
  /** What the next launches and starts do; without one, the instance comes up. */
  readonly script: {
    readonly on: string;
    readonly answer: Answer;
    readonly then?: () => void | Promise<void>;
  }[] = [];
  version = '1.16.3';
  /** What a machine says its address is. */
  address = '10.1.2.3';
  /** Nothing is answered any more, not even `version`. */
  wedged = false;

  constructor(
    private readonly clock: FakeClock,
    private readonly labId: string,
  ) {}

  put(
    name: string,
    state: string,
    marker = `kglab machine ${name} of lab demo with id ${this.labId}`,
    booted = true,
  ): void {
    this.instances.set(name, { state, marker, booted });
  }

  on(words: string, answer: Answer, then?: () => void | Promise<void>): this {
    this.script.push({ on: words, answer, ...(then && { then }) });
    return this;
  }

  /** Calls that change something. */
  changes(): readonly string[] {
    return this.calls.filter((call) => !/^(list|version|get|exec)\b/.test(call));
  }

  async exec({ args }: Command, { timeoutMs = 0, signal }: ExecOptions = {}): Promise<CommandResult> {
    signal?.throwIfAborted();
    const words = args.join(' ');
    this.calls.push(words);
    const index = this.script.findIndex(({ on }) => words.startsWith(on));
    const [scripted] = index < 0 ? [] : this.script.splice(index, 1);
    await scripted?.then?.();
    const answer = scripted?.answer ?? this.answer(args);
    if (this.wedged || (typeof answer === 'object' && 'silent' in answer)) {
      await this.clock.sleep(timeoutMs, signal);
      return { exitCode: 143, stdout: '', stderr: '', timedOut: true, durationMs: timeoutMs };
    }
    if (typeof answer === 'string') return ok(answer);
    return { ...ok(), ...answer };
  }

  private answer(args: readonly string[]): Answer {
    const [command, ...rest] = args;
    const name = rest.includes('--name') ? (rest[rest.indexOf('--name') + 1] ?? '') : (rest.at(-1) ?? '');
    switch (command) {
      case 'list': {
        const zone = this.version.startsWith('1.17') && { zone: { name: 'zone2', available: true } };
        return JSON.stringify({
          list: [...this.instances].map(([name, { state }]) => ({ name, state, ipv4: [], ...zone })),
        });
      }
      case 'version':
        return JSON.stringify({ multipass: this.version, multipassd: this.version });
      case 'get':
        return 'qemu\n';
      case 'exec':
        return this.inside(rest);
      case 'launch':
        if (this.instances.has(name))
          return { exitCode: 2, stderr: `launch failed: instance "${name}" already exists` };
        if (rest[0]?.startsWith('kglab-'))
          return { exitCode: 2, stderr: 'launch failed: Unable to find an image' };
        this.put(name, 'Running');
        return `Launched: ${name}\n`;
      default:
        return this.switch(command ?? '', rest);
    }
  }

  private switch(command: string, rest: readonly string[]): Answer {
    const name = rest.find((word) => this.instances.has(word));
    if (name === undefined) return { exitCode: 2, stderr: `${command} failed: instance does not exist` };
    if (command === 'delete') this.instances.delete(name);
    else this.put(name, command === 'start' ? 'Running' : 'Stopped');
    return '';
  }

  private inside([, name = '', , ...words]: readonly string[]): Answer {
    const instance = this.instances.get(name);
    if (instance?.state !== 'Running')
      return { exitCode: 2, stderr: "exec failed: ssh connection failed: 'x'" };
    const has = (text: string): boolean => words.some((word) => word.includes(text));
    const look = `${instance.marker}\n${instance.booted ? 'booted' : ''}`;
    const address = has('ip -4 route get') ? this.address : '';
    const out = has('/etc/kglab/machine') ? look : address;
    if (words.includes('poweroff')) instance.state = 'Stopped';
    return `\u001ekglab-begin\n${out}\n\u001ekglab-end 0\n`;
  }
}
