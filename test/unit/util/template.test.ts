import { describe, expect, it } from 'vitest';
import { fill } from '../../../src/util/template.js';

describe('fill', () => {
  it('fills every occurrence of a placeholder, with the value unchanged', () => {
    expect(fill('{{a}} {{b}} {{a}}', { a: '$& $1 {{b}}', b: '' })).toBe('$& $1 {{b}}  $& $1 {{b}}');
  });

  it('leaves other braces unchanged', () => {
    expect(fill('{ {x} {{ y }} {{z}} }', { z: '1' })).toBe('{ {x} {{ y }} 1 }');
  });

  it('refuses a placeholder without a value, and a value without a placeholder', () => {
    expect(() => fill('{{a}}{{b}}', { a: '1' })).toThrow('template placeholder {{b}} has no value');
    expect(() => fill('{{a}}', { a: '1', b: '2', c: '3' })).toThrow('template has no placeholder for b, c');
  });
});
