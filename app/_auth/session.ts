import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import type { Actor } from '#lib/domain/actor';
import { getAuth } from './auth';

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

/** Who sends this request; null when signed out, and when the account was disabled since. */
export async function readSession(requestHeaders: Headers): Promise<SignedIn | null> {
  const session = await getAuth().api.getSession({ headers: requestHeaders });
  if (!session || session.user.disabledAt) return null;
  const { id, name, email } = session.user;
  const isSystemAdmin = session.user.isSystemAdmin === true;
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
