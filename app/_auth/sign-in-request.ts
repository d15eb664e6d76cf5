export type SignInOutcome = 'in' | 'wrong' | 'too-many' | 'no-answer';

/** Asks better-auth's own route for a session cookie. */
export async function signIn(email: string, password: string): Promise<SignInOutcome> {
  try {
    const response = await fetch('/api/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: email.trim(), password }),
    });
    if (response.ok) return 'in';
    if (response.status === 429) return 'too-many';
    return response.status >= 500 ? 'no-answer' : 'wrong';
  } catch {
    return 'no-answer';
  }
}
