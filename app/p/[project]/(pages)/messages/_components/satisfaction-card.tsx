import { satisfactionResults } from '#lib/services/messages/satisfaction-results';
import { getFormat, getT } from '../../../../../_i18n/server';
import type { loadProject } from '../../../_lib/load-project';
import styles from './messages.module.css';

const values = ['1', '2', '3', '4', '5'] as const;

/** How annotators find the work: counts with n, from five people on, never by name. */
export async function SatisfactionCard({ loaded }: { loaded: Awaited<ReturnType<typeof loadProject>> }) {
  const { deps, actor, project } = loaded;
  const [t, format] = [await getT('contact'), await getFormat()];
  const { people, fewest, periodDays, questions, texts } = await satisfactionResults(deps, actor, { projectId: project.id });
  return (
    <section className="card">
      <div className="head">
        <h2>{t('satisfaction.results')}</h2>
        {questions && <span className="sm dim">{t('satisfaction.people', { people, days: periodDays })}</span>}
      </div>
      {!questions && <p className="ink2">{t('satisfaction.few', { people, fewest })}</p>}
      {questions && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{t('satisfaction.question')}</th>
                {values.map((value) => (
                  <th key={value} scope="col" className="n">
                    {t(`satisfaction.scale.${value}`)}
                  </th>
                ))}
                <th scope="col" className="n">
                  {t('satisfaction.n')}
                </th>
              </tr>
            </thead>
            <tbody>
              {questions.map(({ question, counts, n }) => (
                <tr key={question}>
                  <th scope="row">{t(`satisfaction.${question}`)}</th>
                  {counts.map((count, index) => (
                    <td key={values[index]} className="n">
                      {format.number(count)}
                    </td>
                  ))}
                  <td className="n dim">{format.number(n)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {texts.length > 0 && (
        <details className="sm">
          <summary>{t('satisfaction.texts')}</summary>
          <ul className={`plain ${styles.texts}`}>
            {texts.map((text, index) => (
              <li key={index} dir="auto">
                {text}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
