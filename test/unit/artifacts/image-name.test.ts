import { describe, expect, it } from 'vitest';
import { normalizeImage, shortName } from '../../../src/artifacts/image-name.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('normalizeImage', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.37', 'docker.io/library/busybox:1.37'],
    ['docker.io/busybox:1.37', 'docker.io/library/busybox:1.37'],
    ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest'],
    ['rancher/local-path-provisioner:v0.0.37', 'docker.io/rancher/local-path-provisioner:v0.0.37'],
    ['localhost/x', 'localhost/x:latest'],
    ['registry.test:5000/x', 'registry.test:5000/x:latest'],
    ['quay.io/a/b:1', 'quay.io/a/b:1'],
    [`busybox@${DIGEST}`, `docker.io/library/busybox@${DIGEST}`],
  ])('%s -> %s', (ref, full) => {
    expect(normalizeImage(ref)).toBe(full);
    expect(normalizeImage(full)).toBe(full);
  });
});

describe('shortName', () => {
  it.each([
    ['docker.io/library/busybox:1.37', 'busybox'],
    [`docker.io/library/busybox:1.37@${DIGEST}`, 'busybox'],
    ['registry.test:5000/x', 'x'],
  ])('%s -> %s', (ref, name) => expect(shortName(ref)).toBe(name));
});
