/** The release that is used when none is named and the cache is empty. */
export const DEFAULT_K3S_VERSION = 'v1.36.2+k3s1';

/** Where k3s publishes its releases; `<base>/<tag>/<file>`. */
export const K3S_RELEASES_URL = 'https://github.com/k3s-io/k3s/releases/download';

/** Images for a lab whose k3s release and extra archives bring none of that kind. */
export const DEFAULT_PROVISIONER_IMAGE = 'docker.io/rancher/local-path-provisioner:v0.0.37';
export const DEFAULT_HELPER_IMAGE = 'docker.io/library/busybox:1.37';
