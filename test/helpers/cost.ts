import { spawnSync } from 'node:child_process';
import type { Home, Ran, RunKglab } from './run-kglab.js';

/** Processor time and memory of a run of kglab. */
export interface Cost {
  readonly cpuMs: number;
  readonly peakMiB: number;
}

const MARK = 'kglab-cost';

/**
 * Makes node print its processor time and memory at its end. Processor time, unlike wall time, is nearly the same on a busy
 * host; maxRSS is in KiB.
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

/** Processor time of a run of node, in milliseconds; unlike {@link measured}, it adds nothing to the program. */
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

/** The cheapest of several runs: load on the host makes the others dearer. */
export const bestCost = async (times: number, run: () => Promise<Cost>): Promise<Cost> => {
  const costs: Cost[] = [];
  for (let index = 0; index < times; index += 1) costs.push(await run());
  return costs.reduce((best, cost) => (cost.cpuMs < best.cpuMs ? cost : best));
};
