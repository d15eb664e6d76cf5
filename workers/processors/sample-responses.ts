import { randomUUID } from 'node:crypto';
import { saltedHash } from '#lib/domain/canonical-json';
import { messagesSchema, promptText } from '#lib/domain/prompts';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import { generate } from '#lib/ml/generation/generate';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { fencedWrite } from '#lib/services/runs/fenced-write';
import type { LoadedModel } from './load-model';
import { persist } from './persist';
import type { RunContext } from './run-context';

export interface RunPrompt {
  readonly id: string;
  readonly split: 'TRAIN' | 'VALIDATION' | 'TEST';
  readonly text: string;
}

/** Prompts in the order of their ids as asked. */
export async function readPrompts(context: RunContext, promptIds: readonly string[]): Promise<RunPrompt[]> {
  const rows = await context.deps.db.prompt.findMany({
    where: { id: { in: [...promptIds] } },
    select: { id: true, split: true, messages: true },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return promptIds.map((id) => {
    const row = byId.get(id);
    if (!row) throw new AppError('NOT_FOUND', 'A prompt that this run uses is gone.', { details: { promptId: id } });
    return { id, split: row.split, text: promptText(messagesSchema.parse(row.messages)) };
  });
}

interface Sampling {
  readonly temperature: number;
  readonly maxNewTokens: number;
  readonly batchSize: number;
}

interface Request {
  readonly model: LoadedModel;
  readonly prompts: readonly RunPrompt[];
  readonly samples: number;
  readonly sampleOffset: number;
  readonly sampling: Sampling;
  /** Called after each stored batch with how many answers of this request are stored now. */
  readonly onStored: (stored: number) => Promise<void>;
}

const rowsAtOnce = 64;

/**
 * Lets a model answer prompts and keeps the answers. What an earlier attempt kept stays: only prompts that lack an answer are asked again,
 * and the noise of an answer is keyed by (seed, prompt, sample), so its text is the same.
 */
export async function sampleResponses(context: RunContext, request: Request): Promise<void> {
  const { deps, run, engine, signal } = context;
  const { model, samples, sampleOffset, sampling } = request;
  const kept = await deps.db.response.findMany({
    where: { runId: run.id, modelVersionId: model.id, sampleIndex: { gte: sampleOffset, lt: sampleOffset + samples } },
    select: { promptId: true, sampleIndex: true },
  });
  const have = new Set(kept.map((row) => `${row.promptId} ${row.sampleIndex}`));
  const isKept = (prompt: RunPrompt, sample: number) => have.has(`${prompt.id} ${sampleOffset + sample}`);
  const missing = request.prompts.filter((prompt) =>
    Array.from({ length: samples }, (_, sample) => sample).some((sample) => !isKept(prompt, sample)),
  );
  let stored = kept.length;
  await request.onStored(stored);
  if (missing.length === 0) return;

  const tokenizer = loadTokenizer(model.files.tokenizerJson, model.name, model.files.config);
  const language = createLanguageModel(engine, model.files);
  // Two models that answer the same prompt must not share their noise: their answers would be alike.
  const seed = sampleOffset === 0 ? run.seed : createRandom(run.seed, 'generator', sampleOffset).integer(2 ** 31);
  const buffer: Awaited<ReturnType<typeof toRow>>[] = [];
  const flush = async () => {
    if (buffer.length === 0) return;
    const rows = buffer.splice(0);
    await persist(deps, signal, () => storeRows(context, rows));
    stored += rows.length;
    await request.onStored(stored);
  };
  try {
    const answers = generate({
      engine,
      model: language,
      prompts: missing.map((prompt) => tokenizer.encode(prompt.text, { bos: true })),
      promptKeys: missing.map((prompt) => prompt.id),
      samplesPerPrompt: samples,
      maxNewTokens: sampling.maxNewTokens,
      temperature: sampling.temperature,
      seed,
      batchSize: sampling.batchSize,
      stopIds: model.files.config.stopTokenIds,
      signal,
    });
    for await (const answer of answers) {
      const prompt = missing[answer.promptIndex];
      if (!prompt || isKept(prompt, answer.sampleIndex)) continue;
      buffer.push(
        toRow(context, request, prompt.id, seed, {
          sampleIndex: sampleOffset + answer.sampleIndex,
          tokenIds: [...answer.tokenIds],
          text: tokenizer.decode([...answer.tokenIds], { skipSpecial: true }),
          finishReason: answer.finishReason,
        }),
      );
      if (buffer.length >= rowsAtOnce) await flush();
    }
    await flush();
  } finally {
    language.dispose();
  }
}

interface Answer {
  readonly sampleIndex: number;
  readonly tokenIds: number[];
  readonly text: string;
  readonly finishReason: string;
}

function toRow(context: RunContext, request: Request, promptId: string, seed: number, answer: Answer) {
  const salt = randomUUID();

  const text = storable(answer.text);
  const { temperature, maxNewTokens } = request.sampling;
  return {
    promptId,
    origin: 'MODEL' as const,
    text,
    tokenIds: answer.tokenIds,
    salt,
    saltedHash: saltedHash(salt, text),
    modelVersionId: request.model.id,
    runId: context.run.id,
    sampleIndex: answer.sampleIndex,
    seed: BigInt(seed),
    sampling: { temperature, maxNewTokens },
    finishReason: answer.finishReason,
  };
}

async function storeRows(context: RunContext, rows: ReturnType<typeof toRow>[]): Promise<void> {
  await fencedWrite(context.deps.db, context.claim, async (tx) => {
    await tx.response.createMany({ data: rows, skipDuplicates: true });
  });
}

/** PostgreSQL holds no U+0000, and half a surrogate pair is not text: both become the replacement character. */
export function storable(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text.replaceAll('\u0000', '\ufffd')));
}
