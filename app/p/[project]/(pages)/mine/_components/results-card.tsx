import type { OwnStanding } from '#lib/services/quality/get-own-standing';
import { Icon } from '../../../../../_components/ui/icon';
import { getFormat, getT } from '../../../../../_i18n/server';
import { AppealForm } from './appeal-form';
import { AppealState } from './appeal-state';
import styles from './own.module.css';

const shown = 5;

/** How answers of this person compared with agreed ones, once it may be told; a wrong check can be asked about. */
export async function ResultsCard({ projectId, standing }: { projectId: string; standing: OwnStanding }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  if (standing.results.length === 0) return null;
  return (
    <section className="card">
      <h2>{t('results.title')}</h2>
      <p className="sm ink2">{t('results.text')}</p>
      <ul className={`plain ${styles.results}`}>
        {standing.results.slice(0, shown).map((result) => {
          const appeal = standing.appeals.find(({ subject, subjectId }) => subject === 'GOLD' && subjectId === result.annotationId);
          return (
            <li key={result.annotationId}>
              <div className={styles.result}>
                <p className={`grow ${styles.question}`}>
                  <bdi>{result.question}</bdi>
                </p>
                <span className="sm dim nowrap">
                  {t('results.share', { share: format.number(result.agreement, { style: 'percent' }), n: result.compared })}
                </span>
                <span className={`chip ${result.passed ? 'ok' : ''}`}>
                  <Icon name={result.passed ? 'check' : 'info'} />
                  {t(result.passed ? 'results.passed' : 'results.missed')}
                </span>
              </div>
              {result.explanation !== '' && (
                <details className="sm">
                  <summary>{t('results.why')}</summary>
                  <p className="ink2 anywhere" dir="auto">
                    {result.explanation}
                  </p>
                </details>
              )}
              {appeal && <AppealState appeal={appeal} />}
              {!appeal && !result.passed && (
                <AppealForm projectId={projectId} subject="GOLD" subjectId={result.annotationId} label={t('results.ask')} />
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
