import { formChanges } from '#lib/domain/form-changes';
import { taskKinds } from '#lib/domain/forms';
import type { FormVersionView } from '#lib/services/forms/list-form-versions';
import { getFormat, getT } from '../../../../../../_i18n/server';
import styles from '../form.module.css';

/** Every version of every form: who made it, when, how many tasks pin it, and what changed since the one before. */
export async function VersionList({ versions }: { versions: readonly FormVersionView[] }) {
  const [t, format] = [await getT('form'), await getFormat()];
  return taskKinds
    .map((kind) => ({ kind, all: versions.filter((version) => version.kind === kind) }))
    .filter(({ all }) => all.length > 0)
    .map(({ kind, all }) => (
      <section key={kind} className="stack">
        <h3>{t(`kind.${kind}`)}</h3>
        <ol className={styles.versions}>
          {all.map(({ version, spec, tasks, createdBy, createdAt }, index) => {
            const before = all[index + 1];
            const changes = before ? formChanges(before.spec, spec) : [];
            return (
              <li key={version}>
                <div className="row wrap">
                  <b>{t('versions.version', { version })}</b>
                  <span className="dim">
                    <bdi>{createdBy ?? t('versions.nobody')}</bdi>, {format.dateTime(createdAt, 'moment')}
                  </span>
                  <span className="dim">{t('versions.tasks', { n: tasks })}</span>
                </div>
                {changes.length > 0 && (
                  <details>
                    <summary>{t('versions.changes', { n: changes.length, version: before?.version ?? 0 })}</summary>
                    <ul className="sm">
                      {changes.map(({ path, before: was, after }) => (
                        <li key={path.join('/')} className="anywhere">
                          <span className="mono">{path.join(' › ')}</span>: {was !== null && <del>{was}</del>}{' '}
                          {after !== null && <ins>{after}</ins>}
                        </li>
                      ))}
                    </ul>
                  </details>
                )}
              </li>
            );
          })}
        </ol>
      </section>
    ));
}
