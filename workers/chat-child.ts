/**
 * The sandboxed processor of the chat queue: BullMQ runs this file's default export in a child process. The child keeps its models for the
 * next turn, and ends by itself when nobody talked for a while.
 */
import { createDeps, type ProcessDeps } from '#lib/deps';
import { createEngine } from '#lib/ml/engine/create-engine';
import { chat } from '#lib/queues/chat';
import { chatEngine, engineOptions } from './engine-settings';
import { ModelShelf } from './processors/model-shelf';
import { writeReplies } from './processors/write-replies';

const idleMs = 5 * 60_000;

let deps: ProcessDeps | undefined;
let shelf: Promise<ModelShelf> | undefined;
let idle: NodeJS.Timeout | undefined;

// What is written after the worker's end belongs to the next attempt.
process.on('disconnect', () => process.exit(1));

export default async function chatChild(job: { data: unknown }, _token: string, signal: AbortSignal): Promise<void> {
  clearTimeout(idle);
  const turn = chat.payload.parse(job.data);
  deps ??= createDeps({ name: 'chat' });
  const { config, logger } = deps;
  const open = async () => new ModelShelf(await createEngine(engineOptions(chatEngine(config.engine), (line) => logger.warn(line))));
  try {
    await writeReplies(deps, turn, () => (shelf ??= open()), signal);
  } finally {
    idle = setTimeout(() => process.exit(0), idleMs);
  }
}
