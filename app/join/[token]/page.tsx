import type { Metadata } from 'next';
import { AppError } from '#lib/errors';
import { describeInvitation } from '#lib/services/people/describe-invitation';
import { getSession } from '../../_auth/session';
import styles from '../../_components/shell/gate.module.css';
import { Shell } from '../../_components/shell/shell';
import { getDeps } from '../../_deps';
import { getT } from '../../_i18n/server';
import { JoinForm } from './_components/join-form';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('people'))('join.title') };
}

async function describe(token: string) {
  try {
    return await describeInvitation(getDeps(), { token });
  } catch (error) {
    if (error instanceof AppError && (error.code === 'NOT_FOUND' || error.code === 'PRECONDITION')) return error;
    throw error;
  }
}

/** One link makes the first admin or joins a project: with a new account, or with the one that is signed in. */
export default async function JoinPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const [t, common, session, invitation] = [await getT('people'), await getT('common'), await getSession(), await describe(token)];
  if (invitation instanceof AppError) {
    const state = invitation.details.state;
    const why = state === 'expired' || state === 'used' || state === 'revoked' ? state : 'unknown';
    return (
      <Shell user={session?.user ?? null}>
        <section className={`card ${styles.box}`}>
          <h1>{t('join.closed')}</h1>
          <p className="ink2">{t(`join.state.${why}`)}</p>
          <a className="btn" href="/">
            {common('notFound.home')}
          </a>
        </section>
      </Shell>
    );
  }
  const first = invitation.kind === 'FIRST_ADMIN';
  return (
    <Shell user={session?.user ?? null}>
      <section className={`card ${styles.box}`}>
        <h1 className="anywhere">{first ? t('join.first') : t('join.member', { project: invitation.projectName ?? '' })}</h1>
        <p className="ink2">
          {first ? t('join.firstText') : t('join.memberText', { roles: invitation.roles.map((role) => common(`role.${role}`)).join(', ') })}
        </p>
        <JoinForm token={token} email={invitation.email} signedInAs={first ? null : (session?.user.email ?? null)} />
      </section>
    </Shell>
  );
}
