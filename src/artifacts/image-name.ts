/** Whether the first part of a reference names a registry, by the rule of the Docker client. */
const isRegistry = (part: string): boolean => part === 'localhost' || /[.:]/.test(part);

/** Writes an image reference in full: `busybox` becomes `docker.io/library/busybox:latest`. */
export const normalizeImage = (ref: string): string => {
  const [first = '', ...rest] = ref.split('/');
  const named = rest.length > 0 && isRegistry(first);
  const registry = named ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io';
  const path = named ? rest.join('/') : ref;
  const full = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return `${registry}/${full}${/[:@]/.test(full) ? '' : ':latest'}`;
};

/** The last part of the repository: `busybox` of `docker.io/library/busybox:1.37@sha256:…`. */
export const shortName = (ref: string): string =>
  (ref.split('@')[0] ?? '').replace(/:[^/:]*$/, '').replace(/^.*\//, '');
