import { describe, expect, it } from 'vitest';
import { driftAlarms } from '#lib/domain/quality/drift-alarms';
import type { QualityCheck, QualityData, QualityLabel } from '#lib/domain/quality/label-data';
import { qualityReport } from '#lib/domain/quality/quality-report';
import { readReportSubject, reportSubject, wholeProject, withinScope } from '#lib/domain/quality/report-scope';
import { createRandom } from '#lib/domain/random';

const day = 86_400_000;
const start = Date.UTC(2026, 2, 1);

function label(taskId: string, annotator: string, order: readonly string[], more: Partial<QualityLabel> = {}): QualityLabel {
  return {
    taskId,
    annotator,
    kind: 'RANKING',
    content: { ranks: Object.fromEntries(order.map((id, index) => [id, index + 1])) },
    displayOrder: [...order].sort(),
    activeMs: 20_000,
    guideline: 1,
    formVersionId: 'form',
    at: new Date(start),
    ...more,
  };
}

function check(annotator: string, passed: boolean, index: number, guideline = 1): QualityCheck {
  return { annotator, purpose: 'GOLD', agreement: passed ? 1 : 0, passed, guideline, at: new Date(start + index * day) };
}

const data = (labels: QualityLabel[], more: Partial<QualityData> = {}): QualityData => ({
  labels,
  checks: [],
  forms: new Map([['form', { ratings: [], flags: [{ key: 'language', label: 'Wrong language' }], marks: [] }]]),
  lengths: new Map([
    ['a', 10],
    ['b', 20],
    ['c', 30],
  ]),
  minMs: { RANKING: 3000 },
  ...more,
});

const reportOn = (given: QualityData) => qualityReport(given, createRandom('test'), async () => undefined);

describe('the quality report', () => {
  it('gives agreement by what was judged, tau and pairs by the definitions', async () => {
    // two tasks; the two people agree wholly on one, and on two of three pairs on the other
    const labels = [
      label('1', 'x', ['a', 'b', 'c']),
      label('1', 'y', ['a', 'b', 'c']),
      label('2', 'x', ['a', 'b', 'c']),
      label('2', 'y', ['a', 'c', 'b']),
    ];
    const report = await reportOn(data(labels));
    const value = (measure: string) => report.agreement.find((row) => row.measure === measure)?.estimate;
    expect(value('pairs')).toMatchObject({ defined: true, value: 5 / 6, n: 2 });
    expect(value('tau')).toMatchObject({ value: expect.closeTo((1 + 1 / 3) / 2, 12) });
    expect(report.annotators.map(({ annotator, done, peers }) => ({ annotator, done, peers: peers.defined && peers.value }))).toEqual([
      { annotator: 'x', done: 2, peers: 5 / 6 },
      { annotator: 'y', done: 2, peers: 5 / 6 },
    ]);
    expect(report).toMatchObject({ labels: 4, tasks: 2, people: 2 });
  });

  it('says why a flag that nobody set has no agreement', async () => {
    const flagged = (annotator: string, task: string) => label(task, annotator, [], { content: { flags: { a: [], b: [] } } });
    const report = await reportOn(data([flagged('x', '1'), flagged('y', '1'), flagged('x', '2'), flagged('y', '2')]));
    expect(report.agreement).toMatchObject([{ subject: 'flag', label: 'Wrong language', estimate: { defined: false } }]);
  });

  it('counts length, ties, first places and fast answers over tasks', async () => {
    const labels = [
      label('1', 'x', ['c', 'b', 'a'], { displayOrder: ['c', 'b', 'a'], activeMs: 100 }),
      label('2', 'x', ['c', 'b', 'a'], { displayOrder: ['c', 'b', 'a'] }),
      label('3', 'x', [], { content: { ranks: { a: 1, b: 1, c: 1 } } }),
    ];
    const { biases, annotators } = await reportOn(data(labels));
    expect(biases.longerWins).toMatchObject({ value: 1, n: 2 });
    expect(biases.tieRate).toMatchObject({ value: 3 / 9, n: 3 });
    expect(biases.firstWins).toMatchObject({ value: 1, n: 2 });
    expect(biases.tooFast).toMatchObject({ value: 1 / 3, n: 3 });
    expect(annotators[0]?.medianMs).toBe(20_000);
  });

  it('sets guideline versions side by side', async () => {
    const labels = [
      ...['1', '2'].flatMap((task) => [label(task, 'x', ['a', 'b']), label(task, 'y', ['b', 'a'])]),
      ...['3', '4'].flatMap((task) => [label(task, 'x', ['a', 'b'], { guideline: 2 }), label(task, 'y', ['a', 'b'], { guideline: 2 })]),
    ];
    const { guidelines } = await reportOn(data(labels, { checks: [check('x', true, 1, 2), check('x', false, 2, 2)] }));
    expect(guidelines).toMatchObject([
      { version: 1, labels: 4, agreement: { value: 0 } },
      { version: 2, labels: 4, agreement: { value: 1 }, gold: { value: 0.5, n: 2 } },
    ]);
  });
});

describe('drift', () => {
  const steady = Array.from({ length: 80 }, (_, index) => check('steady', index % 5 !== 0, index));

  it('says since when, before and after, and how rare it is', () => {
    const drifting = Array.from({ length: 80 }, (_, index) => check('drifting', index < 50 ? index % 5 !== 0 : index % 3 === 0, index));
    const labels = [
      label('1', 'drifting', ['a', 'b'], { activeMs: 100_000 }),
      label('2', 'drifting', ['a', 'b'], { activeMs: 30_000, at: new Date(start + 70 * day) }),
    ];
    const [alarm, ...others] = driftAlarms(labels, [...steady, ...drifting]);
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({ annotator: 'drifting', people: 2, medianMsBefore: 100_000, medianMsAfter: 30_000 });
    const since = (Date.parse(alarm?.since as string) - start) / day;
    expect(since).toBeGreaterThanOrEqual(45);
    expect(since).toBeLessThanOrEqual(55);
    expect(alarm?.before.defined && alarm.before.value).toBeGreaterThan(0.75);
    expect(alarm?.after.defined && alarm.after.value).toBeLessThan(0.4);
    expect([20, 100, 1000]).toContain(alarm?.oneIn);
  });

  it('is silent about people who are as they were, few checks, and a person who is poor from the start', () => {
    const poor = Array.from({ length: 80 }, (_, index) => check('poor', index % 2 === 0, index));
    const few = Array.from({ length: 20 }, (_, index) => check('few', false, index));
    expect(driftAlarms([], [...steady, ...poor, ...few])).toEqual([]);
  });
});

describe('a report of a part', () => {
  const dated = (task: string, days: number, guideline: number, more: Partial<QualityLabel> = {}) =>
    label(task, 'x', ['a', 'b', 'c'], { at: new Date(start - days * day), guideline, ...more });
  const all = data(
    [dated('1', 40, 1), dated('2', 20, 1), dated('3', 20, 2, { activeMs: 1000 }), dated('4', 2, 2, { kind: 'SPAN', activeMs: 0 })],
    {
      checks: [check('x', true, -40), check('x', true, -1, 2)],
      minMs: { RANKING: 3000, SPAN: 5000 },
    },
  );

  it('stands on the labels and checks of its period and guideline', () => {
    const tasks = (scope: Parameters<typeof withinScope>[1]) => withinScope(all, scope, new Date(start)).labels.map(({ taskId }) => taskId);
    expect(tasks(wholeProject)).toEqual(['1', '2', '3', '4']);
    expect(tasks({ days: 30, guideline: null })).toEqual(['2', '3', '4']);
    expect(tasks({ days: 30, guideline: 1 })).toEqual(['2']);
    expect(withinScope(all, { days: 7, guideline: 2 }, new Date(start)).checks).toEqual([all.checks[1]]);
  });

  it('gives times by kind with quartiles, the floor and what was under it', async () => {
    const { dwell } = await reportOn(all);
    expect(dwell).toMatchObject([
      {
        kind: 'RANKING',
        labels: 3,
        times: { n: 3, lowerQuartile: 10_500, median: 20_000, upperQuartile: 20_000 },
        floorMs: 3000,
        tooFast: { defined: true, value: 1 / 3, n: 3 },
      },
      { kind: 'SPAN', labels: 1, times: null, floorMs: 5000, tooFast: { value: 1, n: 1 } },
    ]);
  });

  it('keeps the alarms of the whole', async () => {
    const checks = Array.from({ length: 60 }, (_, index) => check('x', index < 40, index));
    const whole = data([dated('1', 0, 1)], { checks });
    const part = withinScope(whole, { days: 7, guideline: 9 }, new Date(start + 60 * day));
    const report = await qualityReport(part, createRandom('test'), async () => undefined, whole);
    expect(report).toMatchObject({ labels: 0, drifts: [{ annotator: 'x' }] });
  });

  it('is named by what it stands on, and read back', () => {
    const projectId = '3b241101-e2bb-4255-8caf-4136c566a962';
    expect(reportSubject(projectId, wholeProject)).toBe(projectId);
    for (const scope of [wholeProject, { days: 30, guideline: null }, { days: null, guideline: 12 }, { days: 7, guideline: 2 }] as const) {
      expect(readReportSubject(reportSubject(projectId, scope))).toEqual({ projectId, ...scope });
    }
    expect(() => readReportSubject(`${projectId}:days-8`)).toThrow();
    expect(() => readReportSubject('no-project')).toThrow();
  });
});
