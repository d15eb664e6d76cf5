import Link from 'next/link';
import { getOwnWork } from '#lib/services/own-work/get-own-work';
import { guidelineReading } from '#lib/services/own-work/guideline-reading';
import { getOwnStanding } from '#lib/services/quality/get-own-standing';
import { Icon } from '../../../../../_components/ui/icon';
import { getT } from '../../../../../_i18n/server';
import { reasonWords } from '../../../_components/reason-words';
import type { loadProject } from '../../../_lib/load-project';
import { DaysCard } from './days-card';
import { GuidelineNote } from './guideline-note';
import { NextCard } from './next-card';
import styles from './own.module.css';
import { PausedNote } from './paused-note';
import { ReliabilityCard } from './reliability-card';
import { ResultsCard } from './results-card';
import { SumsCard } from './sums-card';

/** What an annotator sees of a project: what is his to do now, what changed, and how the own work stands. */
export async function OwnPage({ loaded, title }: { loaded: Awaited<ReturnType<typeof loadProject>>; title: string }) {
  const { deps, actor, project, unread, tabs } = loaded;
  const projectId = project.id;
  const t = await getT('mine');
  const [work, standing, guideline] = await Promise.all([
    getOwnWork(deps, actor, { projectId }),
    getOwnStanding(deps, actor, { projectId }),
    guidelineReading(deps, actor, { projectId }),
  ]);
  const base = `/p/${project.slug}`;
  const behind = (['history', 'guideline'] as const).filter((page) => !tabs.includes(page));
  return (
    <div className="page mid">
      <div className={styles.head}>
        <div className={styles.title}>
          <h1>{title}</h1>
          {project.description && <p className="ink2 anywhere">{project.description}</p>}
        </div>
        <nav className={styles.links} aria-label={t('links.label')}>
          {behind.map((page) => (
            <Link key={page} href={`${base}/${page}`}>
              {t(`links.${page}`)}
            </Link>
          ))}
          <Link href={`${base}/mine/settings`}>{t('links.settings')}</Link>
        </nav>
      </div>
      <div className={styles.columns}>
        <div className={styles.column}>
          {standing.paused && <PausedNote projectId={projectId} paused={standing.paused} appeals={standing.appeals} />}
          {standing.warning?.reason && (
            <section className={`note row ${styles.note}`}>
              <Icon name="warn" />
              <div className="grow">
                <h2>{t('warning.title')}</h2>
                <p className="sm ink2 anywhere">{reasonWords(await getT('quality'), standing.warning.reason)}</p>
              </div>
            </section>
          )}
          <GuidelineNote slug={project.slug} reading={guideline} />
          {!standing.paused && (
            <NextCard projectId={projectId} slug={project.slug} work={work} standing={standing} now={deps.clock.now()} />
          )}
          <SumsCard work={work} />
          <ResultsCard projectId={projectId} standing={standing} />
        </div>
        <div className={styles.column}>
          <ReliabilityCard agreement={work.agreement} />
          <DaysCard days={work.days} />
          <section className="card">
            <h2>{t('wrong.title')}</h2>
            <p className="sm ink2">{t('wrong.text')}</p>
            <p className={`sm ${styles.wrong}`}>
              <Link href={`${base}/messages`}>{t('wrong.write')}</Link>
              {unread.own > 0 && <span className="chip acc">{(await getT('contact'))('unread', { n: unread.own })}</span>}
              <Link href={`${base}/mine/settings`}>{t('wrong.hide')}</Link>
            </p>
          </section>
        </div>
      </div>
    </div>
  );
}
