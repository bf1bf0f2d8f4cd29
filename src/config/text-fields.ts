import * as z from 'zod';
import { formatRange, isPrivate, parseRange } from '../util/subnet.js';
import { say, shown } from './problem.js';

/** Longest host name part (RFC 1123). */
export const HOST_NAME_MAX = 63;

/** The suggestion for an invalid text, if there is one. */
export type Advise = (text: string) => string | undefined;

/** Text that matches `form`; `rule` completes "must be …" in the message. */
export const matching = (form: RegExp, rule: string, advise: Advise = () => undefined): z.ZodString =>
  z.string().regex(form, {
    abort: true,
    error: ({ input }) => say(`must be ${rule}, not ${shown(input)}`, advise(String(input))),
  });

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

const write = (text: string): string | undefined => (text === '' ? undefined : `e.g. ${text}`);

/** First part of the host names of a lab. */
export const labName = (): z.ZodString =>
  matching(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'at most 63 lower case letters, digits and -, starting with a letter',
    (text) =>
      write(
        slug(text)
          .replace(/^[0-9-]+/, '')
          .slice(0, HOST_NAME_MAX),
      ),
  );

/** Host name part and Kubernetes namespace: an RFC 1123 label. */
export const label = (): z.ZodString =>
  matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'at most 63 lower case letters, digits and -', (text) =>
    write(slug(text).slice(0, HOST_NAME_MAX)),
  );

/** Name of a cluster-wide Kubernetes object: an RFC 1123 subdomain. */
export const objectName = (): z.ZodString =>
  matching(
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'lower case letters, digits, - and .',
    (text) => write(slug(text)),
  );

/** Words that `gluster volume create` refuses as a name (cli-cmd-parser.c of GlusterFS). */
const GLUSTER_WORDS = [
  ...['all', 'volume', 'type', 'subvolumes', 'option', 'end-volume', 'volume_not_in_ring', 'description'],
  ...['force', 'snap-max-hard-limit', 'snap-max-soft-limit', 'auto-delete', 'activate-on-create'],
];

/** Name of a Gluster volume. It must not begin with `-`: Gluster would read it as an option. */
export const volumeName = (): z.ZodString =>
  matching(
    /^(?![0-9]+$)[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/,
    'letters, digits, - and _, but not only digits',
    (text) =>
      write(/^[0-9]+$/.test(text) ? `gv${text}` : text.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '')),
  ).refine((name) => !GLUSTER_WORDS.includes(name), {
    error: ({ input }) => `must not be ${shown(input)}, a reserved word of Gluster (choose another name)`,
  });

/** Reference of a container image. */
export const imageReference = (): z.ZodString =>
  matching(
    /^[a-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$/,
    'an image reference',
    () => 'e.g. docker.io/library/busybox:1.37',
  );

const TAG = /^v[0-9]+\.[0-9]+\.[0-9]+(-[a-z]+\.?[0-9]+)?\+k3s[0-9]+$/;

const adviseTag: Advise = (text) => {
  const [, version, build = '1'] = /^v?([0-9]+\.[0-9]+\.[0-9]+)(?:[-+_]k3s([0-9]+))?$/.exec(text) ?? [];
  return version === undefined ? 'e.g. v1.33.4+k3s1, or default' : `write v${version}+k3s${build}`;
};

/** Tag of a k3s release, or `default`. */
export const k3sVersion = (): z.ZodString =>
  matching(new RegExp(`^default$|${TAG.source}`), 'a k3s release tag or default', adviseTag);

const [LARGEST, SMALLEST] = [2 ** (32 - 16), 2 ** (32 - 28)];

const subnetFault = (text: string): string | undefined => {
  const range = parseRange(text);
  if (range === undefined) return say(`must be an IPv4 range, not ${shown(text)}`, 'e.g. 10.77.0.0/24');
  if (range.size > LARGEST || range.size < SMALLEST) {
    return say(
      `must have a prefix length from /16 to /28, not /${32 - Math.log2(range.size)}`,
      'e.g. 10.77.0.0/24',
    );
  }
  if (!isPrivate(range)) {
    return say(
      `must be a private range, not ${text}`,
      'use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
    );
  }
  const whole = formatRange(range);
  return whole === text ? undefined : say(`must be a network address, not ${text}`, `write ${whole}`);
};

/** A private IPv4 range. */
export const subnet = (): z.ZodString =>
  z.string().refine((text) => subnetFault(text) === undefined, {
    error: ({ input }) => subnetFault(String(input)) ?? '',
  });
