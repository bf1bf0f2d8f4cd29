import { describe, expect, it } from 'vitest';
import {
  askPreparingArgs,
  deleteArgs,
  execArgs,
  launchArgs,
  startArgs,
  statesArgs,
  stopArgs,
} from '../../../../src/providers/multipass/commands.js';

const launch = {
  ...{ name: 'demo-node1', cpus: 2, memoryMiB: 2048, diskGiB: 10, timeoutSeconds: 900 },
  ...{ image: 'default', zone: undefined },
};

describe('the arguments of multipass', () => {
  it('pins the image, and takes user-data from stdin', () => {
    expect(launchArgs(launch).join(' ')).toBe(
      'launch 24.04 --name demo-node1 --cpus 2 --memory 2048M --disk 10G --timeout 900 --cloud-init -',
    );
  });

  it('takes the image of the lab file, and a zone where there is one', () => {
    const words = launchArgs({ ...launch, image: '22.04', zone: 'zone2' });
    expect(words[1]).toBe('22.04');
    expect(words.slice(-2)).toEqual(['--zone', 'zone2']);
  });

  it('asks for states as JSON, and never for the addresses of guests', () => {
    expect(statesArgs).toEqual(['list', '--no-ipv4', '--format', 'json']);
  });

  it('names one instance in everything that changes one', () => {
    expect(deleteArgs('a')).toEqual(['delete', '--purge', 'a']);
    expect(stopArgs('a', false)).toEqual(['stop', 'a']);
    expect(stopArgs('a', true)).toEqual(['stop', '--force', 'a']);
    expect(startArgs('a', 300)).toEqual(['start', 'a', '--timeout', '300']);
  });

  it('keeps the words of a command apart, and maps no folder', () => {
    expect(execArgs('a', ['sh', '-c', 'echo "$1"', 'sh', ' x '])).toEqual([
      'exec',
      '-n',
      'a',
      '--',
      'sh',
      '-c',
      'echo "$1"',
      'sh',
      ' x ',
    ]);
  });

  it('asks whether a name is in use with an image that does not exist', () => {
    expect(askPreparingArgs('a').join(' ')).toMatch(/^launch kglab-\S+ --name a /);
  });
});
