'use client';

import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { RunView } from '#lib/services/runs/get-run';
import { bytes } from '../../../../../../_i18n/bytes';
import styles from './run.module.css';

const eventWords = ['started', 'checkpoint', 'done', 'released', 'requeued', 'interrupted'] as const;

/** Events, checkpoints and the whole config: what one needs to run it again, or to find out why it stopped. */
export function RunFacts({ run, slug }: { run: RunView; slug: string }) {
  const t = useTranslations('runs');
  const format = useFormatter();
  const time = (date: Date) =>
    format.dateTime(date, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const words = (event: RunView['events'][number]) => {
    const known = eventWords.find((code) => code === event.code);
    const { data } = event;
    const count = (value: unknown) => (typeof value === 'number' ? value : 0);
    if (!known) return event.code;
    return t(`events.code.${known}`, {
      step: count(data.step ?? data.fromStep ?? data.reached),
      attempt: count(data.attempt),
      why: typeof data.why === 'string' ? data.why : '',
    });
  };
  return (
    <div className={styles.config}>
      <section className="card">
        <h2>{t('events.title')}</h2>
        {run.events.length === 0 ? (
          <p className="sm dim">{t('events.none')}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
          <section className={styles.events} tabIndex={0} aria-label={t('events.title')}>
            <table>
              <tbody>
                {run.events.map((event) => (
                  <tr key={event.id}>
                    <td className="dim nowrap">{time(event.at)}</td>
                    <td className="anywhere">{words(event)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </section>
      {run.checkpoints.length > 0 && (
        <section className="card">
          <h2>{t('checkpoints.title')}</h2>
          <table>
            <tbody>
              {run.checkpoints.map((checkpoint) => (
                <tr key={checkpoint.id}>
                  <td>{t('checkpoints.step', { step: checkpoint.step })}</td>
                  <td className="dim">
                    {[
                      checkpoint.best && t('checkpoints.best'),
                      checkpoint.pinned && t('checkpoints.pinned'),
                      checkpoint.pruned && t('checkpoints.pruned'),
                    ]
                      .filter(Boolean)
                      .join(', ')}
                  </td>
                  <td className="dim right">{time(checkpoint.createdAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <section className="card">
        <h2>{t('config.title')}</h2>
        <table>
          <tbody>
            {run.inputs.map((input) => (
              <tr key={input.id}>
                <td className="dim">{t(`config.${input.kind}`)}</td>
                <td className="anywhere">
                  {input.kind === 'model' ? (
                    <Link href={`/p/${slug}/models/${input.id}`}>
                      <bdi>{input.name}</bdi>
                    </Link>
                  ) : (
                    <code className="mono">{input.name}</code>
                  )}
                </td>
              </tr>
            ))}
            {run.produced.map((model) => (
              <tr key={model.id}>
                <td className="dim">{t('config.made')}</td>
                <td className="anywhere">
                  <Link href={`/p/${slug}/models/${model.id}`}>
                    <bdi>{model.name}</bdi>
                  </Link>
                </td>
              </tr>
            ))}
            <tr>
              <td className="dim">{t('config.seed')}</td>
              <td className="mono">{run.seed}</td>
            </tr>
            {run.engine && (
              <tr>
                <td className="dim">{t('config.engine')}</td>
                <td className="anywhere">
                  {run.engine.backend} {run.engine.library}
                  {run.peakMemory !== null && <span className="dim"> · {t('memory', { size: bytes(run.peakMemory, format) })}</span>}
                </td>
              </tr>
            )}
          </tbody>
        </table>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard */}
        <pre className={styles.json} tabIndex={0}>
          {JSON.stringify(run.config, null, 2)}
        </pre>
      </section>
    </div>
  );
}
