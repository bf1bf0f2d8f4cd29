import { readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import { reemit } from '../helpers/multipass-emitter.js';
import { failed, Failure } from './failure.js';
import type { World } from './world.js';

/** Places that the snap's client cannot read: its /tmp is its own, and dot-folders of the home are closed. */
const CLOSED = /^\/(tmp|root|opt|mnt|media)\/|^\/home\/[^/]+\/\./;

/** A confined program does not keep a file that it was handed open, if it could not open it itself. */
const readStdin = (): string => {
  const target = (() => {
    try {
      return readlinkSync('/proc/self/fd/0');
    } catch {
      return '';
    }
  })();
  return CLOSED.test(target) ? '' : readFileSync(0, 'utf8');
};

const badFile = (path: string, minor: number): Failure =>
  new Failure(
    1,
    minor >= 15
      ? `Could not load cloud-init configuration: bad file: ${path}\nPlease ensure that Multipass can read it.\n`
      : `error loading cloud-init config: bad file: ${path}\n`,
  );

const readSource = (source: string, { profile, env }: World): string => {
  if (source === '-') return readStdin();
  const path = resolve(source);
  if (env['MULTIPASS_STANDIN_SNAP'] === '1' && CLOSED.test(path)) throw badFile(source, profile.minor);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw badFile(source, profile.minor);
  }
};

/** Appends to a list that the user has given; without one, the vendor data has what is needed. */
const append = (text: string, list: string, item: string): string =>
  new RegExp(`^${list}:\n`, 'm').test(text)
    ? text.replace(new RegExp(`^${list}:\n`, 'm'), `${list}:\n  - ${item}\n`)
    : text;

/** Loads user-data as multipass does: parsed, emitted anew without quotes and comments, its own items added. */
export const loadUserData = (source: string | undefined, world: World): string => {
  if (source === undefined) return '#cloud-config\n{}\n';
  const text = readSource(source, world);
  const { contents, errors } = parseDocument(text, { version: '1.1' });
  const [error] = errors;
  if (error !== undefined) {
    const prefix =
      world.profile.minor >= 15
        ? 'Could not load cloud-init configuration'
        : 'error loading cloud-init config';
    const [{ line, col }] = error.linePos ?? [{ line: 0, col: 0 }];
    throw new Failure(1, `${prefix}: yaml-cpp: error at line ${line}, column ${col}: ${error.code}\n`);
  }
  if (isScalar(contents)) throw failed('launch', 'operator[] call on a scalar (key: "users")');
  if (!isMap(contents)) return '#cloud-config\n{}\n';
  return `#cloud-config\n${append(append(reemit(text), 'users', 'default'), 'packages', 'pollinate')}`;
};
