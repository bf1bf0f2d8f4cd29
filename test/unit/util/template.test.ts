import { describe, expect, it } from 'vitest';
import { fill } from '../../../src/util/template.js';

describe('fill', () => {
  it('fills every place, as often as it stands, and takes values as they are', () => {
    expect(fill('{{a}} {{b}} {{a}}', { a: '$& $1 {{b}}', b: '' })).toBe('$& $1 {{b}}  $& $1 {{b}}');
  });

  it('leaves braces of others alone', () => {
    expect(fill('{ {x} {{ y }} {{z}} }', { z: '1' })).toBe('{ {x} {{ y }} 1 }');
  });

  it('refuses a place without a value, and a value without a place', () => {
    expect(() => fill('{{a}}{{b}}', { a: '1' })).toThrow('template place {{b}} has no value');
    expect(() => fill('{{a}}', { a: '1', b: '2', c: '3' })).toThrow('template has no place for b, c');
  });
});
