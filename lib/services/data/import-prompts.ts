import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { sha256Hex } from '#lib/domain/canonical-json';
import { storableText } from '#lib/domain/prompts';
import { defaultSplitFractions, type Split, splitFractionsSchema, splitOf } from '#lib/domain/splits';
import { AppError } from '#lib/errors';
import { parsePromptsJsonl } from '#lib/formats/prompts-jsonl';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { type FaultGroup, faultLines, groupFaults, tooManyFaults } from './import-faults';
import { insertPrompts, knownSplits, newPrompt } from './insert-prompts';

const maxFileBytes = 256 * 1024 * 1024;
const batchSize = 1000;

export const importPromptsInput = z.strictObject({
  projectId: z.uuid(),
  name: storableText.trim().min(1).max(200),
  /** Name of the file, for messages and for the record. */
  sourceName: storableText.trim().max(500).optional(),
  fractions: splitFractionsSchema.default(defaultSplitFractions),
  bytes: z
    .custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes')
    .refine((bytes) => bytes.length <= maxFileBytes, `is larger than ${maxFileBytes} bytes; split the file`),
});

export interface ImportedPrompts {
  readonly datasetId: string;
  readonly taken: number;
  /** Rows whose prompt stood on an earlier line. */
  readonly duplicates: number;
  readonly rejected: number;
  readonly splits: Readonly<Record<Split, number>>;
  readonly errors: readonly FaultGroup[];
}

/**
 * Makes a dataset of the prompts of a JSONL file, whole or not at all. A prompt that the project has already keeps the
 * split it has there, whatever shares this import asks for: none is trained on here and tested on there.
 * @throws AppError BAD_INPUT (with the first faults) where no row can be taken or more than 1% are faulty; CONFLICT where the name is taken
 */
export async function importPrompts(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof importPromptsInput>,
): Promise<ImportedPrompts> {
  const { projectId, name, sourceName, fractions, bytes } = importPromptsInput.parse(input);
  await authorise(deps, actor, projectId, 'dataset.import');
  const { rows, errors, duplicates, lines } = parsePromptsJsonl(bytes);
  const file = sourceName ?? name;
  const groups = groupFaults(errors);
  if (rows.length === 0) throw importError(`${file} holds no prompt that can be taken (${lines} lines).`, groups);
  if (tooManyFaults(errors.length, rows.length)) {
    throw importError(`${errors.length} of ${lines} lines of ${file} cannot be read; nothing was imported.`, groups);
  }

  return deps.db.$transaction(
    async (tx) => {
      const dataset = await tx.dataset.createMany({
        data: [
          {
            projectId,
            name,
            sourceName: sourceName ?? null,
            sourceHash: sha256Hex(bytes),
            taken: rows.length,
            duplicates: duplicates.length,
            rejected: errors.length,
            createdById: actorUserId(actor),
            createdAt: deps.clock.now(),
          },
        ],
        skipDuplicates: true,
      });
      if (dataset.count === 0) {
        throw new AppError('CONFLICT', `The project has a dataset named "${name}".`, {
          details: { field: 'name' },
          remedy: 'Choose another name.',
        });
      }
      const { id: datasetId } = await tx.dataset.findUniqueOrThrow({
        where: { projectId_name: { projectId, name } },
        select: { id: true },
      });
      // Two imports at once could give one new prompt two splits.
      await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
      const splits: Record<Split, number> = { TRAIN: 0, VALIDATION: 0, TEST: 0 };
      for (let start = 0; start < rows.length; start += batchSize) {
        const batch = rows.slice(start, start + batchSize);
        const known = await knownSplits(tx, projectId, batch);
        const prompts = batch.map((row, index) => {
          const split = known.get(row.splitKey) ?? splitOf(row.splitKey, fractions);
          splits[split] += 1;
          return newPrompt(row, split, start + index);
        });
        await insertPrompts(tx, datasetId, prompts);
      }
      return { datasetId, taken: rows.length, duplicates: duplicates.length, rejected: errors.length, splits, errors: groups };
    },
    { timeout: 10 * 60_000, maxWait: 10_000 },
  );
}

function importError(message: string, groups: readonly FaultGroup[]): AppError {
  const lines = faultLines(groups);
  return new AppError('BAD_INPUT', lines.length > 0 ? `${message} First fault: ${lines[0]}.` : message, {
    details: { errors: lines.slice(0, 20) },
    remedy:
      'Each line is one JSON object: {"prompt": "..."} or {"messages": [{"role": "user", "content": "..."}]}. Mend the lines and import again.',
  });
}
