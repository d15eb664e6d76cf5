import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { APIError, createAuthMiddleware } from 'better-auth/api';
import type { Deps } from '#lib/services/deps';
import { getDeps, getWebConfig, once } from '../_deps';
import { originOf } from './origin';
import { forgetSignInTries, mayTrySignIn } from './sign-in-limit';

const signIn = '/sign-in/email';
export const cookiePrefix = 'plumbline';
const day = 60 * 60 * 24;
/** In seconds: how long a session lasts, and after how much of it a visit makes it last as long again. */
export const sessionAge = { expiresIn: 14 * day, updateAge: day } as const;

interface Settings {
  secret: string;
  publicUrl: string | null;
}

/** E-mail and password only; accounts are made by accepting an invitation (lib/services/people), never here. */
function createAuth(deps: Deps, settings: Settings) {
  return betterAuth({
    appName: 'Plumbline',
    secret: settings.secret,
    ...(settings.publicUrl ? { baseURL: settings.publicUrl } : {}),
    basePath: '/api/auth',
    trustedOrigins: (request) => (request ? [settings.publicUrl ?? originOf(request.headers)] : []),
    database: prismaAdapter(deps.db, { provider: 'postgresql' }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 200 },
    session: sessionAge,
    user: {
      additionalFields: {
        isSystemAdmin: { type: 'boolean', input: false, defaultValue: false },
        disabledAt: { type: 'date', input: false, required: false },
      },
    },
    rateLimit: {
      enabled: true,
      storage: 'database',
      window: 60,
      max: 300,
      customRules: { [signIn]: { window: 60, max: 30 } },
    },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        if (context.path !== signIn) return;
        const email: unknown = context.body?.email;
        if (typeof email === 'string' && !(await mayTrySignIn(deps, email))) {
          throw new APIError('TOO_MANY_REQUESTS', { code: 'TOO_MANY_TRIES', message: 'Too many tries. Wait five minutes.' });
        }
      }),
      after: createAuthMiddleware(async (context) => {
        if (context.path !== signIn || !context.context.newSession) return;
        const email: unknown = context.body?.email;
        if (typeof email === 'string') await forgetSignInTries(deps, email);
      }),
    },
    advanced: {
      cookiePrefix,
      useSecureCookies: settings.publicUrl?.startsWith('https:') ?? false,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      database: { generateId: () => crypto.randomUUID() },
    },
    logger: { disabled: true },
    telemetry: { enabled: false },
  });
}

type Auth = ReturnType<typeof createAuth>;

export function getAuth(): Auth {
  return once('auth', () => createAuth(getDeps(), getWebConfig()));
}
