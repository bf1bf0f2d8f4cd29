import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import { renderUserData } from '../../../../src/steps/machines/create.js';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { reemit } from '../../../helpers/multipass-emitter.js';

const folder = resolve(import.meta.dirname, '../../../../cloud-init');
const templates = readdirSync(folder);
const read = (text: string): unknown => parse(text, { version: '1.1' });

/** Names that are something else than text to YAML unless they are quoted or in company. */
const LABS = [
  { name: 'demo', id: '04b8c466a58e' },
  { name: 'yes', id: '123456789012' },
  { name: 'null', id: '1e5' },
  { name: 'on', id: '0x1f' },
];

describe('the emitter of multipass', () => {
  it('loses quotes and comments, and with them the meaning of what needs quotes', () => {
    const text = `a: "0755" # mode\nb: '1.30'\nc: "yes"\nd: ''\ne: "null"\nf: "x: y"\ng: |\n  one\n  two\nh: []\ni: [a, "5"]\n`;
    expect(reemit(text)).not.toContain('mode');
    expect(read(reemit(text))).toEqual({
      ...{ a: 493, b: 1.3, c: true, d: '', e: 'null', f: 'x: y' },
      ...{ g: 'one\ntwo\n', h: [], i: ['a', 5] },
    });
  });
});

describe.each(templates)('user-data from cloud-init/%s', (file) => {
  const template = loadTemplates()[file] ?? '';

  it.each(LABS.flatMap((lab) => [true, false].map((install) => ({ lab, install }))))(
    'means the same after multipass has emitted it anew: %j',
    ({ lab, install }) => {
      const text = renderUserData(template, { machine: `${lab.name}-node1`, lab, install });
      expect(read(reemit(text))).toEqual(read(text));
    },
  );

  it('is a map without jinja, and keeps /etc/hosts from being rewritten at every boot', () => {
    const text = renderUserData(template, {
      machine: 'demo-node1',
      lab: LABS[0] as (typeof LABS)[0],
      install: true,
    });
    expect(text.split('\n')[0]).toBe('#cloud-config');
    expect(text).not.toContain('jinja');
    expect(read(text)).toMatchObject({ manage_etc_hosts: false });
  });
});
