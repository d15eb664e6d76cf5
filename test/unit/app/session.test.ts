import { describe, expect, it } from 'vitest';
import { safeNext } from '../../../app/_auth/safe-next';

describe('safeNext', () => {
  it('keeps a path of ours', () => {
    expect(safeNext('/p/helpful-answers/runs?x=1#y')).toBe('/p/helpful-answers/runs?x=1#y');
  });

  it('sends everything else home', () => {
    for (const next of [
      undefined,
      '',
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '\\/evil.example',
      '/\t/evil.example',
    ]) {
      expect(safeNext(next), String(next)).toBe('/');
    }
  });
});
