import Link from 'next/link';
import { getT } from '../../_i18n/server';

/** In place of a page that is not there, or that this person may not know of. */
export async function NotFoundCard() {
  const t = await getT('common');
  return (
    <div className="page mid">
      <section className="card empty">
        <h1>{t('notFound.title')}</h1>
        <p>{t('notFound.text')}</p>
        <Link className="btn" href="/">
          {t('notFound.home')}
        </Link>
      </section>
    </div>
  );
}
