import { describe, expect, it } from 'vitest';
import { chooseImages, normalizeImage, shortName } from '../../../src/artifacts/image-names.js';

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

const LPP = 'docker.io/rancher/local-path-provisioner';
const extra = (...refs: string[]) => ({ path: '/c/x.tar', fileName: 'x.tar', refs });
const images = [
  `${LPP}:v0.0.36`,
  'docker.io/rancher/mirrored-library-busybox:1.36.1',
  'docker.io/rancher/k3s:1',
];

describe('chooseImages', () => {
  it('uses the defaults when there are no images', () => {
    expect(chooseImages({ extraImages: [], images: [] })).toEqual({
      provisioner: `${LPP}:v0.0.37`,
      helper: 'docker.io/library/busybox:1.37',
      smoke: 'docker.io/library/busybox:1.37',
    });
  });

  it('uses the images of the bundle', () => {
    expect(chooseImages({ extraImages: [], images })).toEqual({
      provisioner: `${LPP}:v0.0.36`,
      helper: images[1],
      smoke: images[1],
    });
  });

  it('finds the busybox of older bundles', () => {
    const older = ['docker.io/rancher/library-busybox:1.32.1', 'docker.io/rancher/library-traefik:1.7.19'];
    expect(chooseImages({ extraImages: [], images: older }).helper).toBe(older[0]);
  });

  it('prefers extra archives, and the newest of several', () => {
    const extraImages = [extra(`${LPP}:v0.0.9`), extra(`${LPP}:v0.0.10`, 'docker.io/library/busybox:1.35')];
    const chosen = chooseImages({ extraImages, images });
    expect(chosen.provisioner).toBe(`${LPP}:v0.0.10`);
    expect(chosen.helper).toBe('docker.io/library/busybox:1.35');
  });

  it('prefers the lab file; the smoke image follows the helper', () => {
    const extraImages = [extra(`${LPP}:v0.0.38`)];
    expect(chooseImages({ extraImages, images }, { provisioner: 'p:1', helper: 'h:1' })).toEqual({
      provisioner: 'p:1',
      helper: 'h:1',
      smoke: 'h:1',
    });
    expect(chooseImages({ extraImages, images }, { smoke: 's:1' })).toMatchObject({
      helper: images[1],
      smoke: 's:1',
    });
  });

  it('ignores names that only have the same ending', () => {
    const lookalikes = ['docker.io/x/not-busybox:1', 'docker.io/x/local-path-provisioner-debug:9'];
    expect(chooseImages({ extraImages: [], images: lookalikes })).toEqual(
      chooseImages({ extraImages: [], images: [] }),
    );
  });
});
