import Link from 'next/link';
import { Shell } from './_components/shell/shell';
import { getT } from './_i18n/server';

export default async function NotFound() {
  const t = await getT('common');
  return (
    <Shell user={null}>
      <div className="page mid">
        <section className="card empty">
          <h1>{t('notFound.title')}</h1>
          <p>{t('notFound.text')}</p>
          <Link className="btn" href="/">
            {t('notFound.home')}
          </Link>
        </section>
      </div>
    </Shell>
  );
}
