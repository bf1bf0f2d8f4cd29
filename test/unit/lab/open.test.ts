import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { knownLab, findToken } from '../../../src/lab/open.js';
import { printRecord } from '../../../src/lab/lab-store.js';
import { TestWorld } from '../../helpers/test-world.js';

let test: TestWorld;
beforeEach(async () => {
  test = await TestWorld.make();
});
afterEach(() => test.close());

const CONFIG = /^cat \/etc\/rancher\/k3s\/config.yaml$/;
const SECRET = '0123456789abcdef0123456789abcdef0123456789abcdef';
const found = (note?: string) =>
  ({ provider: 'nspawn', lab: { name: 'demo', id: 'abc123' }, ...(note !== undefined && { note }) }) as const;

describe('a lost record', () => {
  it('is recovered with the same id, configuration and token', async () => {
    const record = test.record({ protected: true });
    test.found = found(printRecord(record));
    test.stage.on('demo-node1').on(CONFIG, `token: ${SECRET}\nnode-name: demo-node1\n`);
    expect((await knownLab('demo', test.world())).record).toEqual(record);
    expect(await test.store.load('demo')).toEqual(record);
    expect(await test.store.token('demo')).toBe(SECRET);
    expect(test.said.join()).not.toContain(SECRET);
    expect(test.stage.calls.every(({ command }) => command.private)).toBe(true);
  });

  it('is recovered from the id alone if the provider has no copy', async () => {
    test.found = found();
    test.stage.on('demo-node1').on(CONFIG, { exitCode: 1 });
    const { record } = await knownLab('demo', test.world());
    expect(record).toMatchObject({ id: 'abc123', provider: 'nspawn', config: { name: 'demo' } });
    expect(await test.store.token('demo')).toBeUndefined();
  });

  it('is not recovered from a damaged copy', async () => {
    test.found = found('{"versi');
    await expect(knownLab('demo', test.world())).rejects.toMatchObject({
      code: 'RECORD_DAMAGED',
      message:
        "The nspawn provider's copy of the record of lab demo is damaged: it is not a valid record (7 bytes long).",
      hint: `Restore the record itself from a backup: ${join(test.store.dir('demo'), 'lab.json')}`,
    });
  });

  it('is not created for a lab that no provider knows', async () => {
    await expect(knownLab('demo', test.world())).rejects.toMatchObject({ code: 'LAB_UNKNOWN' });
    expect(await test.store.names()).toEqual([]);
  });
});

describe('a mistyped lab name', () => {
  it('fails with LAB_UNKNOWN and lists the labs, even if the record of one is damaged', async () => {
    await test.store.save(test.record({ name: 'other' }));
    await writeFile(join(test.store.dir('other'), 'lab.json'), '{"versi');
    await expect(knownLab('demmo', test.world())).rejects.toMatchObject({
      code: 'LAB_UNKNOWN',
      hint: 'Labs of this user: other. Choose one with --name.',
    });
  });
});

describe('findToken', () => {
  it('starts a stopped server to read its token, if allowed', async () => {
    test.stage.provider.infos = [{ name: 'demo-node1', state: 'stopped' }];
    test.stage.on('demo-node1').on(CONFIG, `token: ${SECRET}\n`);
    await findToken(await test.lab(), { start: false });
    expect(await test.store.token('demo')).toBeUndefined();
    await findToken(await test.lab(), { start: true });
    expect(test.stage.provider.started).toEqual(['demo-node1']);
    expect(await test.store.token('demo')).toBe(SECRET);
  });

  it('keeps an existing token', async () => {
    const token = await test.store.ensureToken('demo');
    await findToken(await test.lab(), { start: true });
    expect(await test.store.token('demo')).toBe(token);
    expect(test.stage.calls).toEqual([]);
  });
});
