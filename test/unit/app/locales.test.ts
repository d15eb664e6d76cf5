import { describe, expect, it } from 'vitest';
import { pickLocale } from '../../../app/_i18n/locales';

describe('pickLocale', () => {
  it('takes the chosen language before anything else', () => {
    expect(pickLocale('zh-CN', 'en')).toBe('zh-CN');
    expect(pickLocale('en', 'zh-CN,zh;q=0.9')).toBe('en');
  });

  it('takes the best of the browser that we speak, by weight and not by place', () => {
    expect(pickLocale(undefined, 'zh-TW')).toBe('zh-CN');
    expect(pickLocale(undefined, 'fr, en;q=0.4, zh;q=0.8')).toBe('zh-CN');
    expect(pickLocale(undefined, 'fr;q=0.9, zh;q=0, en-GB;q=0.1')).toBe('en');
  });

  it('falls back to English on anything else', () => {
    for (const header of [null, '', '*', 'fr', ';;;', 'zhx']) expect(pickLocale(undefined, header)).toBe('en');
    expect(pickLocale('xx', null)).toBe('en');
  });
});
