import { describe, expect, it } from 'vitest';
import { imageName, imageRecipe, parseCodename } from '../../../../src/providers/nspawn/recipe.js';

describe('imageName', () => {
  const recipe = imageRecipe('bookworm', 'x64');

  it('is the same for the same recipe', () => {
    expect(imageName(recipe)).toMatch(/^bookworm-x64-[0-9a-f]{12}$/);
    expect(imageName(imageRecipe('bookworm', 'x64'))).toBe(imageName(recipe));
  });

  it.each([
    ['package', { ...recipe, packages: [...recipe.packages, 'nano'] }],
    ['file', { ...recipe, files: { ...recipe.files, '/etc/hostname': 'other\n' } }],
    ['link', { ...recipe, links: {} }],
    ['version', { ...recipe, version: recipe.version + 1 }],
    ['release', { ...recipe, suite: 'trixie' }],
  ])('is another one for another %s', (_what, other) => {
    expect(imageName(other)).not.toBe(imageName(recipe));
  });
});

describe('parseCodename', () => {
  it('reads the codename with and without quotes', () => {
    expect(parseCodename('ID=debian\nVERSION_CODENAME=bookworm\n')).toBe('bookworm');
    expect(parseCodename('VERSION_CODENAME="noble"\n')).toBe('noble');
    expect(parseCodename('ID=arch\n')).toBeUndefined();
  });
});
