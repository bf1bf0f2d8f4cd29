import { spawnSync } from 'node:child_process';
import type { Home, Ran, RunKglab } from './run-kglab.js';

/** What a run of kglab took of the processor and of memory. */
export interface Cost {
  readonly cpuMs: number;
  readonly peakMiB: number;
}

const MARK = 'kglab-cost';

/**
 * Has node print what it took when it ends. Milliseconds of processor, unlike those on the wall, are nearly the same on a
 * host that is busy with other things; maxRSS is in KiB.
 */
const TELL = `--import data:text/javascript,${encodeURIComponent(
  `process.on('exit',()=>{const{userCPUTime:u,systemCPUTime:s,maxRSS:m}=process.resourceUsage();process.stderr.write('\\n${MARK} '+(u+s)/1000+' '+m/1024)})`,
)}`;

/** Runs kglab and measures it. */
export const measured = async (
  home: Home,
  args: readonly string[],
  options: RunKglab = {},
): Promise<Ran & Cost> => {
  const ran = await home.kglab(args, { ...options, env: { ...options.env, NODE_OPTIONS: TELL } });
  const [, cpuMs, peakMiB] = new RegExp(`${MARK} ([\\d.]+) ([\\d.]+)`).exec(ran.stderr) ?? [];
  if (cpuMs === undefined) throw new Error(`nothing was measured: ${ran.stderr}`);
  return { ...ran, cpuMs: Number(cpuMs), peakMiB: Number(peakMiB) };
};

/** Milliseconds of processor that a run of node takes; nothing is added to the program, as {@link measured} does. */
export const processorMs = (...words: readonly string[]): number => {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" > /dev/null';
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...words], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [, user, system] = /^([\d.]+) ([\d.]+)\n$/.exec(stderr) ?? [];
  if (status !== 0 || user === undefined) throw new Error(`nothing was measured: ${stderr}`);
  return (Number(user) + Number(system)) * 1000;
};

/** The cheapest of several runs: the others were in somebody's way. */
export const bestCost = async (times: number, run: () => Promise<Cost>): Promise<Cost> => {
  const costs: Cost[] = [];
  for (let index = 0; index < times; index += 1) costs.push(await run());
  return costs.reduce((best, cost) => (cost.cpuMs < best.cpuMs ? cost : best));
};
