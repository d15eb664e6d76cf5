import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { argumentLabels, pandalmLabels, wmtLabels, wmtPublished, wmtRankings } from '../../support/judgement-sets';
import { failureOf, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
const data = process.env.PLUMBLINE_TEST_DATA ?? '';
const home = path.join(folder, 'none');
const agreement = (...args: string[]) => runCli(['agreement', '--resamples', '100', ...args, '--json'], { home });

function file(name: string, rows: readonly unknown[]): string {
  const lines = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const target = path.join(folder, name);
  writeFileSync(target, name.endsWith('.gz') ? gzipSync(lines) : lines);
  return target;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const labels = [
  ['i', 'x', 'low'],
  ['i', 'y', 'low'],
  ['j', 'x', 'high'],
  ['j', 'y', 'mid'],
  ['k', 'x', 'mid'],
  ['k', 'y', 'mid'],
  ['l', 'x', 'high'],
  ['l', 'y', 'high'],
].map(([item, annotator, label]) => ({ item, annotator, label }));

it('prints one object, observed agreement first, each statistic with interval and n or with a reason', async () => {
  const { code, json, stdout } = await agreement('--data', file('labels.jsonl', labels));
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(Object.keys(json)[0]).toBe('observedAgreement');
  expect(json.observedAgreement).toEqual({ value: 0.75, low: expect.any(Number), high: expect.any(Number), n: 4 });
  // marginals: 2 low, 3 mid, 3 high of 8; one item of four differs
  expect(json.krippendorffAlpha).toMatchObject({ value: expect.closeTo(1 - (7 * 2) / (64 - 22), 12), n: 4 });
  expect(json.krippendorffAlphaOrdinal).toEqual({ value: null, reason: 'labels are texts without an order' });
  expect(json.intraAnnotatorAgreement).toEqual({ value: null, reason: 'no annotator labelled an item twice' });
  expect(json.pairs).toMatchObject([{ annotators: ['x', 'y'], cohenKappa: { value: expect.closeTo((0.75 - 5 / 16) / (1 - 5 / 16), 12) } }]);
  expect(json.data).toEqual({ kind: 'labels', judgements: 8, items: 4, comparableItems: 4, annotators: 2 });
  expect(json.settings).toMatchObject({ confidence: 0.95, clusteredBy: 'item', resamples: 100, seed: 1, level: 'nominal' });
});

it('takes an order, packed files and standard input, and writes for people', async () => {
  const packed = file('labels.jsonl.gz', labels);
  const [ordered, piped, read] = await Promise.all([
    agreement('--data', packed, '--order', 'low, mid, high', '--level', 'ordinal'),
    runCli(['agreement', '--data', '-', '--json'], { home, input: readFileSync(packed) }),
    runCli(['agreement', '--data', packed, '--cluster', 'annotator'], { home }),
  ]);
  const alpha = ordered.json.krippendorffAlpha as { value: number };
  expect(alpha).toEqual(ordered.json.krippendorffAlphaOrdinal);
  // mean ranks 1, 3.5, 6.5: one item differs by 3
  expect(alpha.value).toBeCloseTo(1 - (7 * 18) / 600, 12);
  expect(ordered.json.kendallTauB).toMatchObject({ n: 4 });
  expect(piped.json.observedAgreement).toMatchObject({ value: 0.75, n: 4 });
  expect(read.stdout).toMatch(/observed agreement +0\.750 +0\.\d{3} to \d\.\d{3} +2 +75\.0 %/);
  expect(read.stdout).toContain('Undefined, because labels are texts, not numbers: interval alpha; ratio alpha; mean Pearson r; ICC.');
});

it('names the line that cannot be taken, and options that do not fit', async () => {
  const wrong = file('wrong.jsonl', [...labels, { item: 'm', annotator: 'x', label: true }]);
  const [line, order, missing] = await Promise.all([
    agreement('--data', wrong),
    agreement('--data', file('labels.jsonl', labels), '--order', 'low,high'),
    agreement('--data', path.join(folder, 'none.jsonl')),
  ]);
  expect([line.code, order.code, missing.code]).toEqual([2, 2, 2]);
  expect(failureOf(line).message).toContain('line 9: label: found true; wanted a text or a number');
  expect(failureOf(order).message).toContain('leaves out "mid"');
  expect(failureOf(missing).message).toContain('there is no such file');
});

describe.skipIf(data === '')('published agreement through the command (folder in PLUMBLINE_TEST_DATA)', () => {
  it('of PandaLM', async () => {
    const { json } = await agreement('--data', file('pandalm.jsonl', pandalmLabels(data)));
    const kappas = (json.pairs as { cohenKappa: { value: number } }[]).map(({ cohenKappa }) => cohenKappa.value);
    expect(kappas.map((kappa) => kappa.toFixed(2))).toEqual(['0.85', '0.88', '0.86']);
    expect(json.fleissKappa).toMatchObject({ value: expect.closeTo(0.864175365, 10), n: 999 });
    expect(json.krippendorffAlpha).toMatchObject({ value: expect.closeTo(0.8642206852, 10), n: 999 });
    expect(json.unanimousAgreement).toMatchObject({ value: expect.closeTo(0.8798798799, 10), n: 999 });
  });

  it.each(Object.entries(wmtPublished))('of WMT16 %s, labels and rankings', async (languages, published) => {
    const runs = await Promise.all([
      agreement('--data', file(`${languages}.labels.jsonl`, wmtLabels(data, languages))),
      agreement('--data', file(`${languages}.rankings.jsonl`, wmtRankings(data, languages))),
    ]);
    for (const { json } of runs) {
      for (const [which, name] of [
        ['inter', 'wmtInterAnnotator'],
        ['intra', 'wmtIntraAnnotator'],
      ] as const) {
        const [observed = 0, expected = 0, kappa = 0, ...counts] = published[which];
        expect(json[`${name}Agreement`]).toMatchObject({ value: expect.closeTo(observed, 3) });
        expect(json[`${name}Kappa`]).toMatchObject({ value: expect.closeTo(kappa, 3) });
        const { [which]: found } = json.preferences as Record<string, Record<string, number>>;
        expect(found?.expected?.toFixed(3)).toBe(expected.toFixed(3));
        expect([found?.agree, found?.comparable, found?.ties, found?.total]).toEqual(counts);
      }
    }
    // pairs in the order shown are the items of the workshop
    expect(runs[0].json.observedAgreement).toEqual(runs[0].json.wmtInterAnnotatorAgreement);
  });

  it('of UKPConvArg1, over items and over annotators', async () => {
    const target = file('arguments.jsonl', argumentLabels(data));
    const [items, annotators] = [await agreement('--data', target), await agreement('--data', target, '--cluster', 'annotator')];
    for (const { json } of [items, annotators]) {
      expect(json.observedAgreement).toMatchObject({ value: expect.closeTo(0.518194, 6) });
      expect(json.krippendorffAlpha).toMatchObject({ value: expect.closeTo(0.260954, 6) });
      expect(json.congerKappa).toEqual({ value: null, reason: 'more than 50 annotators' });
      expect(json.pairs).toBeNull();
    }
    expect(items.json.krippendorffAlpha).toMatchObject({ n: 9919 });
    expect(annotators.json.krippendorffAlpha).toMatchObject({ n: 3686 });
  });
});
