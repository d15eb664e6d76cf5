import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import type { Actor } from '#lib/domain/actor';
import { getDeps, getWebConfig, once } from '../_deps';
import { cookiePrefix, getAuth, sessionAge } from './auth';
import { RunningSessions, type SessionUser } from './running-sessions';
import { readSessionToken } from './session-cookie';

export interface SignedIn {
  user: SessionUser;
  actor: Actor;
}

/**
 * Who sends this request; null when signed out, and when the account was disabled since. Every request asks it: a session that runs on is
 * one look-up here, and better-auth is asked where there is none or its end is to be moved.
 */
export async function readSession(requestHeaders: Headers): Promise<SignedIn | null> {
  const { secret } = getWebConfig();
  const token = readSessionToken(requestHeaders, { secret, cookiePrefix });
  if (token === null) return null;
  const running = await runningSessions().find(token);
  if (running) return signedIn(running);
  const session = await getAuth().api.getSession({ headers: requestHeaders });
  if (!session || session.user.disabledAt) return null;
  const { id, name, email } = session.user;
  return signedIn({ id, name, email, isSystemAdmin: session.user.isSystemAdmin === true });
}

function signedIn({ id, name, email, isSystemAdmin }: SessionUser): SignedIn {
  return { user: { id, name, email, isSystemAdmin }, actor: { kind: 'user', userId: id, isSystemAdmin } };
}

function runningSessions(): RunningSessions {
  return once('running-sessions', () => new RunningSessions(getDeps(), sessionAge));
}

export const getSession = cache(async (): Promise<SignedIn | null> => readSession(await headers()));

/** For pages: sends a signed-out person to sign in, and back here afterwards. */
export async function requireSession(): Promise<SignedIn> {
  const session = await getSession();
  if (session) return session;
  const path = (await headers()).get('x-pathname') ?? '/';
  redirect(`/sign-in?next=${encodeURIComponent(path)}`);
}
