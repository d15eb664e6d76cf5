import type { Deps } from '#lib/services/deps';

export interface SessionUser {
  id: string;
  name: string;
  email: string;
  isSystemAdmin: boolean;
}

interface Waiting {
  resolve(user: SessionUser | null): void;
  reject(error: unknown): void;
}

/**
 * Whose session it is. Every request asks; those that came in one turn of the event loop ask with one statement, because waking the database
 * costs more than the look-up.
 */
export class RunningSessions {
  private waiting = new Map<string, Waiting[]>();

  constructor(
    private readonly deps: Pick<Deps, 'db' | 'clock'>,
    /** Seconds: how long a session runs, and after what part of it its end is moved. */
    private readonly age: { readonly expiresIn: number; readonly updateAge: number },
  ) {}

  /** The person of a session that neither ended nor is due to be prolonged, and whose account is not disabled. */
  find(token: string): Promise<SessionUser | null> {
    if (this.waiting.size === 0) setImmediate(() => void this.ask());
    return new Promise((resolve, reject) => {
      const others = this.waiting.get(token);
      if (others) others.push({ resolve, reject });
      else this.waiting.set(token, [{ resolve, reject }]);
    });
  }

  private async ask(): Promise<void> {
    const asked = this.waiting;
    this.waiting = new Map();
    try {
      const found = await this.load([...asked.keys()]);
      for (const [token, waiting] of asked) for (const { resolve } of waiting) resolve(found.get(token) ?? null);
    } catch (error) {
      for (const { reject } of [...asked.values()].flat()) reject(error);
    }
  }

  private async load(tokens: readonly string[]): Promise<Map<string, SessionUser>> {
    const { expiresIn, updateAge } = this.age;
    const due = new Date(this.deps.clock.now().getTime() + (expiresIn - updateAge) * 1000);
    const rows = await this.deps.db.direct.$queryRaw<(SessionUser & { token: string })[]>`
      select s."token", u."id", u."name", u."email", u."isSystemAdmin" from "Session" s join "User" u on u."id" = s."userId"
      where s."token" = any(${tokens}) and s."expiresAt" > ${due}::timestamp and u."disabledAt" is null`;
    return new Map(rows.map(({ token, ...user }) => [token, user]));
  }
}
