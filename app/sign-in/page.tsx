import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { safeNext } from '../_auth/safe-next';
import { getSession } from '../_auth/session';
import styles from '../_components/shell/gate.module.css';
import { Shell } from '../_components/shell/shell';
import { getT } from '../_i18n/server';
import { SignInForm } from './_components/sign-in-form';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('people'))('signIn.title') };
}

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string }> }) {
  const next = safeNext((await searchParams).next);
  if (await getSession()) redirect(next);
  const t = await getT('people');
  return (
    <Shell user={null}>
      <section className={`card ${styles.box}`}>
        <h1>{t('signIn.title')}</h1>
        <SignInForm next={next} />
        <p className="sm dim">{t('signIn.noAccount')}</p>
      </section>
    </Shell>
  );
}
