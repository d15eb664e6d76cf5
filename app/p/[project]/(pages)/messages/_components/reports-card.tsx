import Link from 'next/link';
import { listReports, type ReportView } from '#lib/services/messages/list-reports';
import { AnswerText, PlainText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import { getFormat, getT } from '../../../../../_i18n/server';
import type { loadProject } from '../../../_lib/load-project';
import { DecideReport } from './decide-report';
import styles from './messages.module.css';

/** Tasks that annotators call broken, oldest first, each with the text that is meant and the two ways to decide. */
export async function ReportsCard({ loaded, decided }: { loaded: Awaited<ReturnType<typeof loadProject>>; decided: boolean }) {
  const { deps, actor, project, unread } = loaded;
  const t = await getT('contact');
  const { reports } = await listReports(deps, actor, { projectId: project.id, state: decided ? 'resolved' : 'open' });
  const here = `/p/${project.slug}/messages`;
  return (
    <section className="card">
      <div className="head">
        <h2>{t('reports.title')}</h2>
        {unread.reports > 0 && <span className="chip warn">{t('reports.open', { n: unread.reports })}</span>}
        <span className="grow" />
        <Link className="sm" href={decided ? here : `${here}?decided=1`}>
          {decided ? t('reports.title') : t('reports.closed')}
        </Link>
      </div>
      {reports.length === 0 && (
        <div className="empty">
          <b>{t('reports.none')}</b>
          <p>{t('reports.noneText')}</p>
        </div>
      )}
      <ul className={`plain ${styles.reports}`}>
        {reports.map((report) => (
          <Report key={report.id} report={report} />
        ))}
      </ul>
    </section>
  );
}

async function Report({ report }: { report: ReportView }) {
  const [t, kinds, format] = [await getT('contact'), await getT('mine'), await getFormat()];
  const { task, resolution } = report;
  const date = format.dateTime(report.at, 'moment');
  return (
    <li>
      <div className={styles.reportHead}>
        <b>{t(`report.${report.category}`)}</b>
        <span className="sm dim">{kinds(`kindName.${task.kind}`)}</span>
        <bdi className="sm dim anywhere">{t('reports.by', { name: report.reporterName, date })}</bdi>
        <span className="sm dim">{t('reports.labels', { n: task.labels })}</span>
        {task.openReports > 1 && !resolution && <span className="chip">{t('reports.others', { n: task.openReports - 1 })}</span>}
        {resolution && (
          <span className="chip">
            <Icon name={resolution === 'KEEP' ? 'check' : 'ban'} />
            {t(`reports.decided.${resolution === 'KEEP' ? 'KEEP' : 'CANCEL_TASK'}`)}
          </span>
        )}
      </div>
      {report.text !== '' && (
        <p className="anywhere" dir="auto">
          {report.text}
        </p>
      )}
      <details>
        <summary className="sm">{t('reports.task')}</summary>
        <div className={styles.task}>
          <div className={styles.asks}>
            {task.messages.map((message, index) => (
              <PlainText key={index} text={message.content} />
            ))}
          </div>
          <div className={styles.answers}>
            {task.responses.map((text, index) => (
              <section key={index} className={`read ${styles.answer}`}>
                <AnswerText text={text} />
              </section>
            ))}
          </div>
        </div>
      </details>
      {!resolution && <DecideReport reportId={report.id} name={report.reporterName} />}
    </li>
  );
}
