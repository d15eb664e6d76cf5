import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import type { Actor } from '#lib/domain/actor';
import { getDeps, getWebConfig } from '../_deps';
import { cookiePrefix, getAuth, sessionAge } from './auth';
import { readSessionToken } from './session-cookie';

interface SessionUser {
  id: string;
  name: string;
  email: string;
  isSystemAdmin: boolean;
}

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
  const running = await findRunning(token);
  if (running) return signedIn(running);
  const session = await getAuth().api.getSession({ headers: requestHeaders });
  if (!session || session.user.disabledAt) return null;
  const { id, name, email } = session.user;
  return signedIn({ id, name, email, isSystemAdmin: session.user.isSystemAdmin === true });
}

/** The person of a session that neither ended nor is due to be prolonged. */
async function findRunning(token: string): Promise<SessionUser | null> {
  const { db, clock } = getDeps();
  const { expiresIn, updateAge } = sessionAge;
  const due = new Date(clock.now().getTime() + (expiresIn - updateAge) * 1000);
  const [user] = await db.direct.$queryRaw<SessionUser[]>`
    select u."id", u."name", u."email", u."isSystemAdmin" from "Session" s join "User" u on u."id" = s."userId"
    where s."token" = ${token} and s."expiresAt" > ${due}::timestamp and u."disabledAt" is null`;
  return user ?? null;
}

function signedIn({ id, name, email, isSystemAdmin }: SessionUser): SignedIn {
  return { user: { id, name, email, isSystemAdmin }, actor: { kind: 'user', userId: id, isSystemAdmin } };
}

export const getSession = cache(async (): Promise<SignedIn | null> => readSession(await headers()));

/** For pages: sends a signed-out person to sign in, and back here afterwards. */
export async function requireSession(): Promise<SignedIn> {
  const session = await getSession();
  if (session) return session;
  const path = (await headers()).get('x-pathname') ?? '/';
  redirect(`/sign-in?next=${encodeURIComponent(path)}`);
}
