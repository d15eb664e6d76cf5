import { createDb, type Db } from '#lib/db/create-db';
import { systemClock } from '#lib/domain/clock';
import { claimTask } from '#lib/services/labeling/claim-task';
import { type ScaleShape, writeScaleProject } from './scale-data';

type Group = 'fresh' | 'heavy';
const groups: readonly Group[] = ['fresh', 'heavy'];

export interface ScaleResult {
  readonly tasks: number;
  readonly seedSeconds: number;
  /** Milliseconds of one next task, authorised, leased and with everything that the page shows. */
  readonly p50: Readonly<Record<Group, number>>;
  readonly p95: Readonly<Record<Group, number>>;
  readonly max: Readonly<Record<Group, number>>;
}

class ScaleProject {
  readonly times: Record<Group, number[]> = { fresh: [], heavy: [] };
  #turn = 0;

  private constructor(
    readonly tasks: number,
    readonly seedSeconds: number,
    private readonly db: Db,
    private readonly projectId: string,
    private readonly people: Readonly<Record<Group, readonly string[]>>,
  ) {}

  static async make(url: string, shape: ScaleShape): Promise<ScaleProject> {
    const since = performance.now();
    const { projectId, heavy, fresh } = await writeScaleProject(url, shape);
    const seconds = (performance.now() - since) / 1000;
    return new ScaleProject(shape.tasks, seconds, createDb(url, { max: 4 }), projectId, { fresh, heavy });
  }

  /** One claim of the next person of the group, timed; then the task is done, untimed, so that the next claim is a new one. */
  async claim(group: Group, counts: boolean): Promise<void> {
    const people = this.people[group];
    const userId = people[this.#turn++ % people.length] ?? '';
    const { db, projectId } = this;
    const since = performance.now();
    const view = await claimTask({ db, clock: systemClock }, { kind: 'user', userId, isSystemAdmin: false }, { projectId });
    if (counts) this.times[group].push(performance.now() - since);
    if (view === null) throw new Error(`nothing was left for a ${group} annotator among ${this.tasks} tasks`);
    await db.$executeRaw`
      with sent as (update "Assignment" set "submittedAt" = now() where "id" = ${view.assignmentId} returning "slotId")
      update "Slot" set "state" = 'FILLED', "leaseExpiresAt" = null, "liveAnnotationId" = gen_random_uuid() where "id" in (select "slotId" from sent)`;
  }

  result(): ScaleResult {
    const of = (share: number) =>
      Object.fromEntries(groups.map((group) => [group, quantile(this.times[group], share)])) as Record<Group, number>;
    return { tasks: this.tasks, seedSeconds: this.seedSeconds, p50: of(0.5), p95: of(0.95), max: of(1) };
  }

  close(): Promise<void> {
    return this.db.$disconnect();
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * Next task in a small and in a large project, turn by turn, so that whatever else the machine does falls on both alike. Each is a database of its own.
 * The first rounds of each person are not counted: what they write once (cursors, prepared statements) is written then; they are in no p95.
 */
export async function measureScale(
  urls: { readonly small: string; readonly large: string },
  options: { readonly large: number; readonly small: number; readonly claims: number; readonly say: (line: string) => void },
): Promise<{ small: ScaleResult; large: ScaleResult; p95Ratio: number }> {
  const people = { heavy: 3, fresh: 12 };
  options.say(`writing ${options.small} and ${options.large} tasks`);
  const small = await ScaleProject.make(urls.small, { tasks: options.small, ...people });
  const large = await ScaleProject.make(urls.large, { tasks: options.large, ...people });
  options.say(`written in ${small.seedSeconds.toFixed(0)} s and ${large.seedSeconds.toFixed(0)} s; claiming`);
  const warmUp = 2 * people.fresh;
  for (let turn = 0; turn < warmUp + options.claims; turn += 1) {
    for (const group of groups) {
      for (const project of turn % 2 === 0 ? [small, large] : [large, small]) await project.claim(group, turn >= warmUp);
    }
  }
  await Promise.all([small.close(), large.close()]);
  const results = { small: small.result(), large: large.result() };
  const p95Ratio = Math.max(...groups.map((group) => results.large.p95[group] / results.small.p95[group]));
  return { ...results, p95Ratio };
}
