import { type Message, promptText } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { ModelConfig } from '#lib/ml/models/model-config';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { renderChat } from '#lib/ml/tokenizers/chat-template';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { parseTokenizerConfig, type TokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';
import type { Deps } from '#lib/services/deps';
import { loadModel } from './load-model';

/** A model that is ready to answer. */
interface Talker {
  readonly config: ModelConfig;
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  /** Null where the model was not made for conversations. */
  readonly template: TokenizerConfig | null;
}

const bytesAParameter = 4;
/** The rest of the memory is for caches, and for the runs of the same machine. */
const shareOfMemory = 0.25;

/** Models that were asked last, as many as fit: the next turn of a conversation finds them loaded. */
export class ModelShelf {
  /** The one asked longest ago first. */
  private readonly talkers = new Map<string, Talker & { readonly bytes: number }>();

  constructor(readonly engine: Engine) {}

  async get(deps: Pick<Deps, 'db' | 'blobs'>, modelId: string): Promise<Talker> {
    const known = this.talkers.get(modelId);
    if (known) {
      this.talkers.delete(modelId);
      this.talkers.set(modelId, known);
      return known;
    }
    const row = await deps.db.modelVersion.findUnique({ where: { id: modelId }, select: { parameterCount: true } });
    this.makeRoom((row?.parameterCount ?? 0) * bytesAParameter);
    const { files, name } = await loadModel(deps, modelId);
    const { chatTemplateJinja, config, tokenizerConfigJson, tokenizerJson } = files;
    const written = tokenizerConfigJson !== undefined || chatTemplateJinja !== undefined;
    const template = written ? parseTokenizerConfig(tokenizerConfigJson ?? '{}', name, chatTemplateJinja) : null;
    const talker = {
      config,
      model: createLanguageModel(this.engine, files),
      tokenizer: loadTokenizer(tokenizerJson, name, config),
      template: template?.chatTemplate ? template : null,
      bytes: (row?.parameterCount ?? 0) * bytesAParameter,
    };
    this.talkers.set(modelId, talker);
    return talker;
  }

  private makeRoom(bytes: number): void {
    const limit = this.engine.memoryLimitBytes;
    if (bytes > limit) {
      throw new AppError('PRECONDITION', `The model takes ${bytes} bytes; this process may take ${limit}.`, { details: { bytes, limit } });
    }
    let taken = [...this.talkers.values()].reduce((sum, talker) => sum + talker.bytes, 0);
    for (const [id, talker] of this.talkers) {
      if (taken + bytes <= limit * shareOfMemory) return;
      talker.model.dispose();
      this.talkers.delete(id);
      taken -= talker.bytes;
    }
  }
}

/** A conversation as tokens: by the model's template; without one, as generation runs write prompts. */
export function encodeConversation({ template, tokenizer }: Talker, messages: readonly Message[]): number[] {
  if (!template?.chatTemplate) return tokenizer.encode(promptText(messages), { bos: true });
  const { bosToken, chatTemplate, eosToken } = template;
  return tokenizer.encode(renderChat({ template: chatTemplate, messages: [...messages], bosToken, eosToken, addGenerationPrompt: true }));
}
