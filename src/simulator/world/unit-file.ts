import type { SimMachine } from './world.js';

const FOLDER = '/etc/systemd/system';

/** Units that packages install. */
const VENDOR: Readonly<Record<string, { readonly package: string; readonly text: string }>> = {
  'glusterd.service': {
    package: 'glusterfs-server',
    text: '[Service]\nType=forking\nKillMode=control-group\nExecStart=/usr/sbin/glusterd\n[Install]\nWantedBy=multi-user.target\n',
  },
};

/** A unit's full name: `k3s` is `k3s.service`. */
export const unitFullName = (name: string): string =>
  /\.(service|mount|target|socket|timer)$/.test(name) ? name : `${name}.service`;

/** Path of the link that enables a unit. */
export const wantsLink = (unit: string): string => `${FOLDER}/multi-user.target.wants/${unit}`;

/** Path of a unit file. */
export const unitPath = (unit: string): string => `${FOLDER}/${unit}`;

/** The text of a unit file: on disk, or from its package. */
export const unitText = ({ disk, packages }: SimMachine, unit: string): string | undefined => {
  const vendor = VENDOR[unit];
  const own = disk[unitPath(unit)]?.text;
  return own ?? (vendor && packages.includes(vendor.package) ? vendor.text : undefined);
};

/** Enabled units. */
export const enabledUnits = ({ disk }: SimMachine): readonly string[] =>
  Object.keys(disk)
    .filter((path) => path.startsWith(`${FOLDER}/multi-user.target.wants/`))
    .map((path) => path.slice(path.lastIndexOf('/') + 1));

/** Values of a key in a unit, in order. */
export const unitValues = (text: string, key: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));

/** A unit as systemd has loaded it: on first use, and again only by `daemon-reload`. */
export const loadedUnit = (machine: SimMachine, unit: string): string | undefined => {
  const loaded = machine.running?.loaded ?? {};
  const text = loaded[unit] ?? unitText(machine, unit);
  if (text !== undefined) loaded[unit] = text;
  return text;
};

/** `systemctl daemon-reload` */
export const reloadUnits = (machine: SimMachine): void => {
  const loaded = machine.running?.loaded ?? {};
  for (const unit of Object.keys(loaded)) {
    const text = unitText(machine, unit);
    if (text === undefined) delete loaded[unit];
    else loaded[unit] = text;
  }
};

/** Adds a line to the machine's journal, which keeps its last 60 lines. */
export const log = ({ journal }: SimMachine, unit: string, line: string): void => {
  journal.push({ unit: unit.replace(/\.service$/, ''), line });
  if (journal.length > 60) journal.splice(0, journal.length - 60);
};
