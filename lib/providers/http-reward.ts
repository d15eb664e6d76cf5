import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '#lib/errors';
import { chunk } from '#lib/ml/batches';
import type { HttpSpec } from '#lib/ml/rewards/reward-spec';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { Episode, RewardScorer } from '#lib/ml/training/examples';

interface TextSources {
  /** The policy's. */
  readonly tokenizer: Tokenizer;
  /** What the data expects of an answer, by promptId: sent as `labels`. */
  readonly expected?: ReadonlyMap<string, string>;
}

/** What OpenRLHF's servers answer; one of the two has to be there. */
const answerSchema = z.looseObject({ rewards: z.unknown().optional(), scores: z.unknown().optional() });

/** A score is one number, or a list of one. */
const scoreList = z.array(
  z.union([
    z.number(),
    z
      .array(z.number())
      .length(1)
      .transform(([score]) => score as number),
  ]),
);

const maxAnswerBytes = 16 * 1024 * 1024;
const longestBackOffSeconds = 30;

/** A failure that another try may mend: the server is away, busy, or broke. */
class TryAgain extends Error {}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
};

/** JSON knows no infinity. */
const shown = (value: unknown): string => (typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing'));

/** The body as text, no more than the limit of it. */
async function readBody(response: Response, endpoint: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > maxAnswerBytes) throw wrongAnswer(endpoint, `is longer than ${maxAnswerBytes} bytes`, 'answer-size');
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

function wrongAnswer(endpoint: string, message: string, check: string): AppError {
  return new AppError('UNAVAILABLE', `The answer of the reward server ${endpoint} ${message}.`, {
    details: { endpoint, check },
    remedy: 'It has to answer {"rewards": [one number for each of "query"]} (or "scores").',
  });
}

/** Throws UNAVAILABLE naming the endpoint and what is wrong; a score is never made up. */
function readScores(text: string, wanted: number, endpoint: string): number[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrongAnswer(endpoint, `is not JSON: ${JSON.stringify(text.slice(0, 80))}`, 'answer-json');
  }
  const parsed = answerSchema.safeParse(json);
  const list = parsed.success ? (parsed.data.rewards ?? parsed.data.scores) : undefined;
  if (list === undefined || list === null) throw wrongAnswer(endpoint, 'has neither "rewards" nor "scores"', 'answer-fields');
  const scores = scoreList.safeParse(list);
  if (!scores.success) {
    const at = Number(scores.error.issues[0]?.path[0] ?? -1);
    const found = Array.isArray(list) && at >= 0 ? shown(list[at]) : JSON.stringify(list).slice(0, 80);
    throw wrongAnswer(
      endpoint,
      at < 0 ? `has no list of scores but ${found}` : `has ${found} for answer ${at + 1}, which is no number`,
      'finite-reward',
    );
  }
  if (scores.data.length === wanted) return scores.data;
  throw wrongAnswer(endpoint, `has ${scores.data.length} scores for ${wanted} answers`, 'one-score-an-answer');
}

/** One try. Throws TryAgain where another may help, AppError where it cannot. */
async function ask(spec: HttpSpec, body: string, wanted: number, signal: AbortSignal | undefined): Promise<number[]> {
  const endpoint = spec.http;
  const timeout = AbortSignal.timeout(spec.timeoutSeconds * 1000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: { accept: 'application/json', ...spec.headers, 'content-type': 'application/json' },
      body,
      // answers are sent to nobody else
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    text = await readBody(response, endpoint);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (signal?.aborted) throw cancelled(signal);
    throw new TryAgain(timeout.aborted ? `no answer within ${spec.timeoutSeconds} seconds` : reasonOf(error));
  }
  const { status } = response;
  if (status >= 300 && status < 400)
    throw wrongAnswer(endpoint, `leads to ${response.headers.get('location')}, which is not followed`, 'no-redirect');
  if (status === 408 || status === 429 || status >= 500) throw new TryAgain(`status ${status}`);
  if (status !== 200) throw wrongAnswer(endpoint, `has status ${status}: ${JSON.stringify(text.slice(0, 80))}`, 'answer-status');
  return readScores(text, wanted, endpoint);
}

function cancelled(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError ? signal.reason : new AppError('CANCELLED', 'The run was cancelled.', { cause: signal.reason });
}

async function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(seconds * 1000, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.aborted ? cancelled(signal) : error;
  }
}

async function askWithRetries(spec: HttpSpec, body: string, wanted: number, signal: AbortSignal | undefined): Promise<number[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask(spec, body, wanted, signal);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      if (attempt >= spec.retries) {
        throw new AppError('UNAVAILABLE', `The reward server ${spec.http} cannot be reached: ${error.message} (${attempt + 1} tries).`, {
          details: { endpoint: spec.http, check: 'endpoint-up', tries: attempt + 1 },
          remedy: 'Start it or mend its address; the run resumes from its last checkpoint.',
          cause: error,
        });
      }
      await wait(Math.min(longestBackOffSeconds, spec.backOffSeconds * 2 ** attempt), signal);
    }
  }
}

/** `query`: prompt and answer with special tokens, as the policy saw and wrote them; `prompts`: the prompt alone. */
function requestOf(answers: readonly Episode[], { expected, tokenizer }: TextSources): string {
  const text = (tokens: readonly number[]) => tokenizer.decode(tokens, { skipSpecial: false });
  const labels = answers.map(({ promptId }) => expected?.get(promptId) ?? null);
  return JSON.stringify({
    query: answers.map(({ prompt, response }) => text([...prompt, ...response])),
    prompts: answers.map(({ prompt }) => text(prompt)),
    ...(labels.some((label) => label !== null) ? { labels } : {}),
  });
}

/**
 * Rewards of a server by OpenRLHF's contract: POST {"query", "prompts", "labels"?} -> {"rewards"} or {"scores"}, one number an answer. Several answers
 * a request, several requests at a time, tried again with growing pauses while the server is away.
 *
 * The scorer throws UNAVAILABLE naming the endpoint where it stays away, or answers with something else than one finite number for each
 * answer: never a stand-in.
 */
export function httpReward(spec: HttpSpec, sources: TextSources): RewardScorer {
  return async (answers, signal) => {
    const parts = chunk(answers, spec.batchSize);
    const scores = new Array<readonly number[]>(parts.length).fill([]);
    let next = 0;
    const work = async () => {
      while (next < parts.length) {
        const index = next;
        next += 1;
        const part = parts[index] as readonly Episode[];
        scores[index] = await askWithRetries(spec, requestOf(part, sources), part.length, signal);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(spec.concurrency, parts.length) }, work));
    } catch (error) {
      // no further request where one has failed for good
      next = parts.length;
      throw error;
    }
    return { total: scores.flat() };
  };
}
