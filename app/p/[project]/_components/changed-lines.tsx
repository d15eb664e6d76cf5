'use client';

import { useTranslations } from 'use-intl/react';
import type { GuidelineLine } from '#lib/domain/guideline-changes';
import styles from './changed-lines.module.css';

/** The lines that changed, words marked by tint and underline or strike; what stayed between them is counted, not shown. */
export function ChangedLines({ lines }: { lines: readonly GuidelineLine[] }) {
  const t = useTranslations('mine.guideline');
  return (
    <div className={styles.lines}>
      {runsOf(lines).map(({ changed, first, run }) =>
        changed ? (
          run.map((line, index) => (
            <p key={first + index} dir="auto" className={styles.line}>
              {line.pieces.map(([op, text], piece) => {
                if (op === 0) return <span key={piece}>{text}</span>;
                const Mark = op === 1 ? 'ins' : 'del';
                return (
                  <Mark key={piece} className={op === 1 ? styles.put : styles.taken}>
                    <span className="hidden-text">[{t(op === 1 ? 'put' : 'taken')}: </span>
                    {text}
                    <span className="hidden-text">]</span>
                  </Mark>
                );
              })}
            </p>
          ))
        ) : (
          <p key={first} className={styles.same}>
            {t('unchanged', { n: run.length })}
          </p>
        ),
      )}
    </div>
  );
}

interface Run {
  readonly changed: boolean;
  readonly first: number;
  readonly run: readonly GuidelineLine[];
}

/** Neighbouring lines of one sort together. */
function runsOf(lines: readonly GuidelineLine[]): Run[] {
  const runs: { changed: boolean; first: number; run: GuidelineLine[] }[] = [];
  lines.forEach((line, index) => {
    const last = runs.at(-1);
    if (last?.changed === line.changed) last.run.push(line);
    else runs.push({ changed: line.changed, first: index, run: [line] });
  });
  return runs;
}
