import type { Comparison } from '#lib/domain/comparison';
import type { Message } from '#lib/domain/prompts';
import { ASIDE, denseRanks, emptyRanking, type Place, type RankingState, restoreRanking } from './ranking';

/** What the page needs of an assignment: nothing here says who wrote an answer. */
export interface TaskView {
  readonly assignmentId: string;
  readonly taskId: string;
  readonly prompt: { readonly messages: readonly Message[] };
  /** In display order. */
  readonly responses: readonly { readonly id: string; readonly text: string }[];
  readonly guideline: { readonly version: number; readonly text: string };
  readonly draft: unknown;
  readonly progress: Progress;
}

export interface Progress {
  readonly doneToday: number;
  readonly left: number;
}

/** Kept while a task is open, in this browser and on the server. Places by response, so that a draft fits any display order. */
export interface Draft {
  readonly places: Readonly<Record<string, Place>>;
  readonly activeMs: number;
  /** Milliseconds since 1970, by this browser: the later of two drafts wins. */
  readonly at: number;
}

export function toDraft(view: TaskView, ranking: RankingState, activeMs: number, at: number): Draft {
  return { places: Object.fromEntries(view.responses.map(({ id }, answer) => [id, ranking.places[answer] ?? null])), activeMs, at };
}

/** What is to be sent. Only for a ranking that is ready. */
export function toComparison(view: TaskView, ranking: RankingState): Comparison {
  const ranks: Record<string, number> = {};
  const aside: string[] = [];
  denseRanks(ranking.places).forEach((rank, answer) => {
    const id = view.responses[answer]?.id;
    if (id === undefined) return;
    if (rank !== null) ranks[id] = rank;
    else if (ranking.places[answer] === ASIDE) aside.push(id);
  });
  return { ranks, aside };
}

/** The ranking that this task was left with: the later of the two drafts, or what was sent before it was taken back. */
export function openRanking(view: TaskView, local: unknown): { ranking: RankingState; activeMs: number; draftedAt: number | null } {
  const [mine, servers] = [readDraft(local), readDraft(view.draft)];
  const draft = mine !== null && (servers === null || mine.at >= servers.at) ? mine : servers;
  if (draft === null) return { ranking: emptyRanking(view.responses.length), activeMs: 0, draftedAt: null };
  const places = view.responses.map(({ id }) => draft.places[id] ?? null);
  return { ranking: restoreRanking(view.responses.length, { places }), activeMs: draft.activeMs, draftedAt: draft.at };
}

/** Whether two views show the same answers in the same order. */
export function sameAnswers(a: TaskView, b: TaskView): boolean {
  return a.responses.length === b.responses.length && a.responses.every(({ id }, index) => id === b.responses[index]?.id);
}

function readDraft(value: unknown): Draft | null {
  if (!isRecord(value)) return null;
  const { places, ranks, aside, activeMs, at } = value;
  if (isRecord(places)) {
    return {
      places: places as Record<string, Place>,
      activeMs: typeof activeMs === 'number' ? activeMs : 0,
      at: typeof at === 'number' ? at : 0,
    };
  }
  if (!isRecord(ranks)) return null;
  const setAside = Array.isArray(aside) ? aside.map((id) => [String(id), ASIDE] as const) : [];
  return { places: { ...(ranks as Record<string, Place>), ...Object.fromEntries(setAside) }, activeMs: 0, at: 0 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
