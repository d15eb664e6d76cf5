import { createTranslator } from 'use-intl/core';
import { describe, expect, it } from 'vitest';
import { reasonOfAttempt, reasonOfEvent, type StatedReason } from '#lib/domain/quality/stated-reason';
import { messages } from '../../../app/_i18n/messages';
import { reasonWords } from '../../../app/p/[project]/_components/reason-words';

const inLanguage = (locale: 'en' | 'zh-CN', reason: StatedReason) =>
  reasonWords(createTranslator({ locale, messages: messages[locale], namespace: 'quality' }), reason);

describe('why a person was warned, paused or failed', () => {
  it('is told in the language of the reader', () => {
    const dwell = { rule: 'dwell', count: 3, withinHours: 24, pauseAt: 3 } as const;
    expect(inLanguage('en', dwell)).toBe('3 answers within 24 hours came faster than they can be read.');
    expect(inLanguage('en', { ...dwell, pauseAt: 5 })).toMatch(/read\. At 5 new tasks are paused\.$/);
    expect(inLanguage('zh-CN', dwell)).toBe('24 小时内有 3 份回答提交得比阅读所需的时间还快。');
    expect(inLanguage('zh-CN', { rule: 'checks', passed: 2, checked: 9 })).toMatch(/^最近 9 道检查题中，有 2 道/);
    const test = { rule: 'test', missed: [{ part: 'demonstrations', value: 4.75, n: 4, cutoff: 6 }] } as const;
    expect(inLanguage('en', test)).toBe('Not reached: Written answers: 4.8 of 7 over 4, asked for 6.0.');
  });

  it('is read from what was kept: the words that stand there, else the rule and its numbers', () => {
    const kept = { rule: 'checks', passed: 0, checked: 4, logRatio: -3.9, lower: -2.9, upper: 2.9 };
    expect(reasonOfEvent('A sentence of an earlier version.', kept)).toEqual({ rule: 'words', text: 'A sentence of an earlier version.' });
    expect(reasonOfEvent(null, kept)).toEqual({ rule: 'checks', passed: 0, checked: 4 });
    expect(reasonOfEvent('', { rule: 'person' })).toBeNull();
    const part = (value: number, cutoff: number) => ({ value, n: 6, cutoff, reached: value >= cutoff });
    const record = { taskIds: [], reached: { flags: part(0.9, 0.75), rankings: part(0.5, 0.75), demonstrations: null } };
    expect(reasonOfAttempt(null, record)).toEqual({ rule: 'test', missed: [{ part: 'rankings', value: 0.5, n: 6, cutoff: 0.75 }] });
    expect(reasonOfAttempt(null, { taskIds: [] })).toBeNull();
  });
});
