import type { TaskCounts as Counts } from '#lib/services/tasks/list-task-counts';
import { getFormat, getT } from '../../../../../_i18n/server';
import { ScrollRegion } from '../../quality/_components/scroll-region';

/** The tasks of the project by kind, and how far the work on them is. */
export async function TaskCounts({ kinds }: { kinds: readonly Counts[] }) {
  const [t, format] = [await getT('data'), await getFormat()];
  if (kinds.length === 0) {
    return (
      <div className="empty">
        <b>{t('tasks.none.title')}</b>
        <p>{t('tasks.none.text')}</p>
      </div>
    );
  }
  return (
    <ScrollRegion label={t('tasks.title')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('tasks.of')}</th>
            {(['open', 'done', 'cancelled', 'checks', 'filled', 'wanted'] as const).map((column) => (
              <th key={column} scope="col" className="n">
                {t(`tasks.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kinds.map(({ kind, open, done, cancelled, checks, filled, wanted }) => (
            <tr key={kind}>
              <th scope="row">{t(`tasks.kind.${kind}`)}</th>
              {[open, done, cancelled, checks, filled, wanted].map((n, index) => (
                <td key={index} className="n">
                  {format.number(n)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
