import type { GuidelineReading } from '#lib/services/own-work/guideline-reading';
import { Icon } from '../../../../../_components/ui/icon';
import { KeyLink } from '../../../../../_components/ui/key-link';
import { getT } from '../../../../../_i18n/server';
import styles from './own.module.css';

/** Above the button, because it alters the work: the guideline is new to this person, or changed since he read it. */
export async function GuidelineNote({ slug, reading }: { slug: string; reading: GuidelineReading }) {
  const t = await getT('mine');
  const { read, changes } = reading;
  const { version } = reading.shown;
  if (read === version) return null;
  return (
    <section className={`note row ${styles.note}`}>
      <Icon name="book" />
      <div className={styles.noteText}>
        <h2>{read === null ? t('changed.first', { version }) : t('changed.title', { version })}</h2>
        <p className="sm ink2">{read === null ? t('changed.firstText') : t('changed.text', { n: changes, read })}</p>
      </div>
      <KeyLink href={`/p/${slug}/guideline`} hotkey="g" keyLabel="G" className="btn">
        {read === null ? t('changed.read') : t('changed.readChanges', { n: changes })}
      </KeyLink>
    </section>
  );
}
