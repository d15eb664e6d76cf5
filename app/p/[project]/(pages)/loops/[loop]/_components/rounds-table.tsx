'use client';

import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl/react';
import { roundStages } from '#lib/domain/loop';
import type { LoopView, RoundView, StageCell } from '#lib/services/loops/loop-view';
import { Help } from '../../../../../../_components/ui/help';
import { Icon } from '../../../../../../_components/ui/icon';
import { stateIcon } from '../../../../../../_components/ui/state-chip';
import { useFigureWords } from './figure-words';
import styles from './loop.module.css';

/** Rounds as rows, stages as columns, so that rounds compare downwards. */
export function RoundsTable({ loop, slug }: { loop: LoopView; slug: string }) {
  const t = useTranslations('loops');
  const format = useFormatter();
  const day = (date: Date) => format.dateTime(date, { day: 'numeric', month: 'short' });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <section className={styles.rounds} aria-label={t('rounds.title')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('rounds.round')}</th>
            {roundStages.map((stage) => (
              <th key={stage} scope="col">
                <Help text={t(`stageHelp.${stage}`)}>{t(`stage.${stage}`)}</Help>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {loop.rounds.map((round) => (
            <tr key={round.id}>
              <th scope="row">
                {t('rounds.name', { n: round.ordinal })}
                <div className="dim" style={{ fontWeight: 400 }}>
                  {round.finishedAt
                    ? `${day(round.createdAt)} – ${day(round.finishedAt)}`
                    : t('rounds.since', { date: day(round.createdAt) })}
                </div>
              </th>
              {round.cells.map((cell) => (
                <Cell
                  key={cell.stage}
                  cell={cell}
                  round={round}
                  slug={slug}
                  startsAtReference={round.initPolicy.id === loop.reference.id}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {loop.rounds.length === 0 && (
        <p className="sm dim" style={{ padding: 'var(--s-3)' }}>
          {t('rounds.none')}
        </p>
      )}
    </section>
  );
}

interface CellProps {
  cell: StageCell;
  round: RoundView;
  slug: string;
  startsAtReference: boolean;
}

function Cell({ cell, round, slug, startsAtReference }: CellProps) {
  const t = useTranslations('loops');
  const common = useTranslations('common');
  const words = useFigureWords();
  const now = cell.stage === round.stage && round.finishedAt === null;
  const waits = cell.state === 'WAITING' || cell.state === 'PAUSED';
  const lines = words(cell.figure, startsAtReference);
  const word = stateWord();
  const toCome = cell.state === 'TO_COME';
  const person = cell.figure?.kind === 'decision' && cell.figure.by === 'person';
  const outcome = cell.figure?.kind === 'decision' ? cell.figure.outcome : null;
  const icon = outcome === 'REJECTED' || outcome === 'STOPPED' ? 'ban' : person ? 'user' : stateIcon[cell.state];
  const tone =
    cell.state === 'FAILED'
      ? 'bad'
      : cell.state === 'WAITING'
        ? 'warn'
        : cell.state === 'DONE' && outcome !== 'REJECTED' && outcome !== 'STOPPED'
          ? 'ok'
          : '';

  function stateWord(): string {
    if (cell.state === 'DONE' && cell.figure?.kind === 'decision') return t(`cell.${cell.figure.outcome}`);
    if (cell.state === 'DONE' && cell.figure?.kind === 'gate') {
      if (cell.figure.by === 'rule') return t('cell.passedRule');
      if (cell.figure.by === 'person' && round.stage !== 'REWARD_GATE') return t('cell.passedPerson');
    }
    return common(`state.${cell.state}`);
  }

  return (
    <td
      className={styles.cell}
      data-now={now && cell.state === 'RUNNING'}
      data-waits={now && waits}
      data-failed={cell.state === 'FAILED'}
      aria-current={now ? 'step' : undefined}
    >
      <div className={`${styles.state} ${toCome ? 'dim' : ''}`}>
        <Icon name={icon} className={tone} />
        {cell.runId && !toCome ? <Link href={`/p/${slug}/runs/${cell.runId}`}>{word}</Link> : word}
      </div>
      {cell.state === 'WAITING' && lines.length === 0 && (
        <div className={styles.figure}>
          {t(cell.stage === 'LABELING' || cell.stage === 'EVALUATION' ? 'cell.waitsPeople' : 'cell.waitsResearcher')}
        </div>
      )}
      {lines.map((line) => (
        <div key={line} className={styles.figure}>
          {line}
        </div>
      ))}
    </td>
  );
}
