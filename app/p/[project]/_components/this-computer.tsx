import type { Health } from '#lib/services/system/get-health';
import { Icon, type IconName } from '../../../_components/ui/icon';
import { bytes } from '../../../_i18n/bytes';
import { getFormat, getT } from '../../../_i18n/server';
import styles from './first-start.module.css';

/** What the machine offers, in one line. */
export async function ThisComputer({ health }: { health: Health }) {
  const [t, format] = [await getT('start'), await getFormat()];
  const alive = health.workers.filter((worker) => worker.alive);
  const gpu = alive.some((worker) => worker.queues.includes('compute-gpu'));
  const facts: { icon: IconName; tone: string; text: string }[] = [
    health.database.ok
      ? { icon: 'check', tone: 'ok', text: t('computer.database') }
      : { icon: 'x', tone: 'bad', text: t('computer.databaseDown') },
    health.queue.ok ? { icon: 'check', tone: 'ok', text: t('computer.queue') } : { icon: 'x', tone: 'bad', text: t('computer.queueDown') },
    alive.length > 0
      ? { icon: 'check', tone: 'ok', text: t('computer.workers', { n: alive.length }) }
      : { icon: 'warn', tone: 'warn', text: t('computer.noWorkers') },
    gpu ? { icon: 'check', tone: 'ok', text: t('computer.gpu') } : { icon: 'info', tone: '', text: t('computer.noGpu') },
  ];
  if (health.freeDisk !== null) {
    const low = health.freeDisk < 2_000_000_000;
    facts.push({
      icon: low ? 'warn' : 'check',
      tone: low ? 'warn' : 'ok',
      text: t('computer.free', { size: bytes(health.freeDisk, format) }),
    });
  }
  return (
    <section className={`card sm ${styles.facts}`}>
      <h2 className="sm">{t('computer.title')}</h2>
      {facts.map((fact) => (
        <span key={fact.text} className={styles.fact}>
          <Icon name={fact.icon} className={fact.tone} />
          {fact.text}
        </span>
      ))}
    </section>
  );
}
