import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { HostExecutor } from '../../src/exec/host-executor.js';
import { ImageCache } from '../../src/providers/nspawn/image.js';
import {
  readJson,
  writeJson,
  type MachineRecord,
  type NetworkRecord,
} from '../../src/providers/nspawn/records.js';
import { MachineStore } from '../../src/providers/nspawn/machine-store.js';
import type { NspawnOptions } from '../../src/providers/nspawn/options.js';
import type { LabPaths } from '../../src/providers/nspawn/paths.js';
import { NspawnProvider } from '../../src/providers/nspawn/provider.js';
import { systemClock } from '../../src/util/clock.js';
import { withLock } from './files.js';
import { guestFiles } from './guest-files.js';
import type { Record_, World } from './world.js';

/** Makes the machines of the stand-in, switches them on and off, and removes them. */
export class NspawnMaker {
  readonly provider: NspawnProvider;
  private readonly options: NspawnOptions;

  constructor(
    private readonly world: World,
    private readonly paths: LabPaths,
  ) {
    const { lab, env } = world;
    this.options = {
      lab,
      host: new HostExecutor(),
      clock: systemClock,
      dataDir: world.path('nspawn'),
      cacheDir: join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kglab/images'),
      machines: [],
      image: 'default',
      network: { subnet: undefined, internet: 'off' },
    };
    this.provider = new NspawnProvider(this.options);
  }

  prepare(): Promise<void> {
    return withLock(this.world.path('prepare.lock'), async () => {
      if ((await this.provider.foundation.missing()) !== undefined) await this.provider.foundation.prepare();
    });
  }

  lay(record: Record_): Promise<void> {
    return withLock(this.world.path('lay.lock'), async () => {
      const { host, cacheDir, image } = this.options;
      const network = await readJson<NetworkRecord>(this.paths.network);
      if (network === undefined) throw new Error('the network of the stand-in is not there');
      const folder = await new ImageCache(host, cacheDir, image).path();
      const { name, cpus, memoryMiB, diskGiB, userData } = record;
      const store = new MachineStore(this.options, host, this.paths);
      await store.create({ name, cpus, memoryMiB, diskGiB, userData }, folder, network);
      const { upper } = this.paths.machine(name);
      for (const [path, text] of Object.entries(await guestFiles(folder, userData))) {
        await mkdir(dirname(join(upper, path)), { recursive: true, mode: 0o755 });
        await writeFile(join(upper, path), text, { mode: 0o644 });
      }
      await chmod(upper, 0o755);
    });
  }

  /** Writes another address wherever the machine, which is off, has its own. */
  async moveAddress(name: string): Promise<void> {
    const { record: path, upper } = this.paths.machine(name);
    const record = await readJson<MachineRecord>(path);
    if (record === undefined) return;
    const [, net = '', host = ''] = /^(.*\.)(\d+)$/.exec(record.address) ?? [];
    const address = `${net}${Number(host) < 100 ? Number(host) + 100 : Number(host) - 90}`;
    await writeJson(path, { ...record, address });
    for (const file of await filesWith(upper)) {
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replaceAll(`${record.address}/`, `${address}/`));
    }
  }

  /** Removes every machine and the bridge from the host. */
  async dismantle(): Promise<void> {
    for (const { name } of await this.provider.list())
      await this.world.alone(name, () => this.provider.remove(name));
    await this.provider.foundation.remove();
    await rm(this.options.dataDir, { recursive: true, force: true });
  }
}

/** Where a machine's address may be written down. */
const filesWith = async (upper: string): Promise<readonly string[]> => {
  const folders = [
    'etc/systemd/network',
    'etc/netplan',
    'etc/network/interfaces.d',
    'var/lib/cloud/seed/nocloud',
  ];
  const lists = folders.map(async (folder) => {
    const entries = await readdir(join(upper, folder), { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map(({ name }) => join(upper, folder, name));
  });
  return (await Promise.all(lists)).flat();
};
