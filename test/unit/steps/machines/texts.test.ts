import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import { parseBoot } from '../../../../src/steps/machines/boot.js';
import { markerOf, renderUserData } from '../../../../src/steps/machines/create.js';
import { withLabHosts } from '../../../../src/steps/machines/hosts-file.js';

const template = loadTemplates()['machine.yaml'] ?? '';
const input = { machine: 'demo-node1', lab: { name: 'demo', id: 'abc123' } };

describe('renderUserData', () => {
  it.each([
    ['packages-in-image', false],
    ['packages-by-cloud-init', true],
  ])('golden: %s', async (name, install) => {
    const text = renderUserData(template, { ...input, install });
    await expect(text).toMatchFileSnapshot(`../../../golden/user-data/${name}.yaml`);
  });

  it('has the same content after it was parsed and written again without quotes', () => {
    const text = renderUserData(template, { ...input, machine: 'demo-1e3', install: true });
    const again = stringify(parse(text), { defaultStringType: 'PLAIN' });
    expect(parse(again)).toEqual(parse(text));
    expect(parse(text)).toMatchObject({
      hostname: 'demo-1e3',
      manage_etc_hosts: false,
      package_update: true,
    });
  });

  it('starts with #cloud-config, once', () => {
    const text = renderUserData(template, { ...input, install: false });
    expect(text.match(/^#cloud-config$/gm)).toHaveLength(1);
    expect(text.startsWith('#cloud-config\n')).toBe(true);
  });

  it('installs packages only where the image lacks them', () => {
    const packages = (install: boolean) =>
      (parse(renderUserData(template, { ...input, install })) as { packages: string[] }).packages;
    expect(packages(false)).toEqual([]);
    expect(packages(true)).toEqual(expect.arrayContaining(['glusterfs-server', 'glusterfs-client', 'attr']));
  });

  it('writes the marker of the lab', () => {
    const { write_files: files } = parse(renderUserData(template, { ...input, install: false })) as {
      write_files: { path: string; content: string }[];
    };
    expect(files).toEqual([
      { path: '/etc/kglab/machine', content: 'kglab machine demo-node1 of lab demo with id abc123' },
    ]);
    expect(markerOf({ ...input, lab: { name: 'demo', id: 'other' } })).not.toBe(files[0]?.content);
  });
});

describe('parseBoot', () => {
  it('reports a boot that is not done, with and without a marker', () => {
    expect(parseBoot('\n')).toEqual({ marker: '', done: false, errors: [] });
    expect(parseBoot('kglab machine a\n')).toEqual({ marker: 'kglab machine a', done: false, errors: [] });
    expect(parseBoot('')).toEqual({ marker: '', done: false, errors: [] });
  });

  it('returns the errors of a boot that is done', () => {
    const result =
      '{\n "v1": {\n  "datasource": "DataSourceNoCloud",\n  "errors": [\n   "bad package"\n  ]\n }\n}\n';
    expect(parseBoot(`mark\n${result}`)).toEqual({ marker: 'mark', done: true, errors: ['bad package'] });
    expect(parseBoot('mark\n{"v1": {"errors": []}}')).toEqual({ marker: 'mark', done: true, errors: [] });
    expect(parseBoot('\n{"v1": {}}')).toEqual({ marker: '', done: true, errors: [] });
  });
});

describe('withLabHosts', () => {
  const HOSTS = [
    { name: 'demo-node1', address: '10.77.0.11' },
    { name: 'demo-node2', address: '10.77.0.12' },
  ];
  const BLOCK = [
    '# kglab: begin (this block is kept by kglab)',
    '10.77.0.11 demo-node1',
    '10.77.0.12 demo-node2',
    '# kglab: end',
    '',
  ].join('\n');

  it('adds a block and keeps all other lines', () => {
    const own = '127.0.0.1 localhost\n\n# mine\n::1 ip6-localhost\n192.0.2.1 printer\n';
    expect(withLabHosts(own, HOSTS)).toBe(`${own}${BLOCK}`);
  });

  it('removes the loopback entry of the machine, whatever its white space', () => {
    const own = '127.0.0.1\tlocalhost\n127.0.1.1\tdemo-node1 demo-node1\n  127.0.1.1   demo-node2\n';
    expect(withLabHosts(own, HOSTS)).toBe(`127.0.0.1\tlocalhost\n${BLOCK}`);
  });

  it('keeps the other names of a loopback entry', () => {
    const own = '127.0.0.1 localhost demo-node1\n127.0.1.1 demo-node2.example.test demo-node2 alias\n';
    expect(withLabHosts(own, HOSTS)).toBe(
      `127.0.0.1 localhost\n127.0.1.1 demo-node2.example.test alias\n${BLOCK}`,
    );
  });

  it('keeps loopback entries of other names, and comments that mention one', () => {
    const own = '127.0.1.1 demo-node10\n# 127.0.1.1 demo-node1\n';
    expect(withLabHosts(own, HOSTS)).toBe(`${own}${BLOCK}`);
  });

  it('returns its own output unchanged', () => {
    const once = withLabHosts('127.0.0.1 localhost\n127.0.1.1 demo-node1\n', HOSTS);
    expect(withLabHosts(once, HOSTS)).toBe(once);
    expect(withLabHosts('', HOSTS)).toBe(withLabHosts(withLabHosts('', HOSTS), HOSTS));
  });

  it('replaces its block when addresses change, and keeps lines below it', () => {
    const moved = HOSTS.map(({ name }, index) => ({ name, address: `10.78.0.${index}` }));
    const text = `${withLabHosts('127.0.0.1 localhost\n', HOSTS)}192.0.2.1 printer\n`;
    const changed = withLabHosts(text, moved);
    expect(changed).not.toContain('10.77.');
    expect(changed).toContain('10.78.0.1 demo-node2');
    expect(changed).toContain('192.0.2.1 printer');
    expect(changed.match(/kglab: begin/g)).toHaveLength(1);
  });
});
