'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { Figure } from '#lib/services/loops/loop-view';
import { spanWords } from '../../../runs/_components/span-words';

/** The words of a stage's one number, a line each. `startsAtReference`: the policy before this round is the SFT policy. */
export function useFigureWords(): (figure: Figure | null, startsAtReference: boolean) => string[] {
  const t = useTranslations('loops');
  const runs = useTranslations('runs');
  const format = useFormatter();
  const percent = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  const interval = (estimate: { value: number; low: number; high: number }) => ({
    value: percent(estimate.value),
    low: format.number(Math.round(estimate.low * 100)),
    high: percent(estimate.high),
  });
  return (figure, startsAtReference) => {
    switch (figure?.kind) {
      case undefined:
        return [];
      case 'samples':
        return figure.done < figure.wanted
          ? [t('cell.samplesPart', { done: format.number(figure.done), wanted: format.number(figure.wanted) })]
          : [t('cell.samples', { prompts: format.number(figure.prompts), k: format.number(figure.responsesPerPrompt) })];
      case 'labels': {
        const people = figure.activeMs > 0 ? [t('cell.people', { time: spanWords(figure.activeMs, runs) })] : [];
        return figure.filled < figure.wanted
          ? [t('cell.labelsPart', { filled: format.number(figure.filled), wanted: format.number(figure.wanted) }), ...people]
          : [t('cell.labels', { n: figure.filled }), ...people];
      }
      case 'snapshot':
        return [t('cell.snapshot', { hash: figure.hash.slice(0, 8) })];
      case 'progress':
        return [
          figure.totalSteps === null
            ? t('cell.progressOnly', { step: format.number(figure.step) })
            : t('cell.progress', { step: format.number(figure.step), total: format.number(figure.totalSteps) }),
        ];
      case 'accuracy':
        return [
          figure.estimate.defined ? t('cell.accuracy', interval(figure.estimate)) : t('cell.undefined', { reason: figure.estimate.reason }),
        ];
      case 'gate': {
        const { estimate, required } = figure;
        const by = figure.by === 'person' && figure.person ? [t('cell.byPerson', { name: figure.person })] : [];
        if (!estimate.defined) return [t('cell.undefined', { reason: estimate.reason }), ...by];
        const low = percent(estimate.low);
        return [required === null ? t('cell.gateNoRule', { low }) : t('cell.gate', { low, required: percent(required) }), ...by];
      }
      case 'kl':
        return [t('cell.kl', { nats: format.number(figure.nats, { maximumFractionDigits: 2, minimumFractionDigits: 2 }) })];
      case 'comparisons':
        return [t('cell.comparisons', { filled: format.number(figure.filled), wanted: format.number(figure.wanted) })];
      case 'win-rate':
        if (!figure.estimate.defined) return [t('cell.undefined', { reason: figure.estimate.reason })];
        return [
          t(figure.against === 'reference' || startsAtReference ? 'cell.winReference' : 'cell.winPrevious', interval(figure.estimate)),
        ];
      case 'decision':
        return [figure.by === 'rule' || !figure.person ? t('cell.byRule') : t('cell.byPerson', { name: figure.person })];
    }
  };
}
