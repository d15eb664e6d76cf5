import { AppError } from '#lib/errors';
import type { Span } from './aligned-text';
import { type ChatRendering, renderChat } from './chat-template';
import type { Tokenizer } from './tokenizer';

export interface TokenizedChat {
  readonly ids: number[];
  /** `[ids]`: ranges in the rendered text, as `encodeWithOffsets` gives them. */
  readonly offsets: Span[];
  /** `[ids]`: true where the assistant wrote the token: the tokens that a loss counts. */
  readonly assistantMask: boolean[];
}

const generationTag = /(^[ \t]*)?\{%(-?)\s*(end)?generation\s*(-?)%\}\n?/gm;

/** Two characters for private use that stand nowhere in the conversation. */
function markers(chat: ChatRendering): [start: string, end: string] {
  const used = chat.template + JSON.stringify([chat.messages, chat.tools ?? null, chat.variables ?? null]);
  const free: string[] = [];
  for (let code = 0xf0000; free.length < 2; code += 1) {
    const character = String.fromCodePoint(code);
    if (!used.includes(character)) free.push(character);
  }
  return [free[0] as string, free[1] as string];
}

/** What stands between `{% generation %}` and `{% endgeneration %}`, which Jinja's own parser would drop. */
function generationSpans(chat: ChatRendering, text: string): Span[] {
  const [start, end] = markers(chat);
  const template = chat.template.replaceAll(
    generationTag,
    (_, _blanks: string | undefined, before: string, closing: string | undefined, after: string) =>
      `{{${before} '${closing ? end : start}' ${after}}}`,
  );
  const marked = renderChat({ ...chat, template });
  const spans: Span[] = [];
  let plain = '';
  let from: number | undefined;
  for (const character of marked) {
    if (character === start) from = plain.length;
    else if (character === end) {
      if (from !== undefined && plain.length > from) spans.push([from, plain.length]);
      from = undefined;
    } else plain += character;
  }
  if (plain === text && from === undefined) return spans;
  throw new AppError(
    'BAD_INPUT',
    'The generation blocks of the chat template change its text, so that it cannot be told what the assistant wrote.',
    {
      remedy: 'Take the blocks apart from filters and from changes of what stands in them.',
    },
  );
}

/** The first unit at which two texts differ, shown to the reader. */
function difference(wanted: string, found: string): string {
  let at = 0;
  while (at < wanted.length && wanted[at] === found[at]) at += 1;
  return `${JSON.stringify(wanted.slice(at, at + 40))} against ${JSON.stringify(found.slice(at, at + 40))}`;
}

/**
 * Each assistant turn is what the conversation up to it has more than the conversation before it with the start of an answer. Both have to
 * be beginnings of the whole: a template that writes a turn otherwise later, or closes what is not over, gives no mask.
 */
function prefixSpans(chat: ChatRendering, text: string): Span[] {
  const spans: Span[] = [];
  chat.messages.forEach(({ role }, turn) => {
    if (role !== 'assistant') return;
    const refuse = (message: string) =>
      new AppError('BAD_INPUT', `Turn ${turn + 1} (assistant): ${message}.`, {
        details: { turn: turn + 1 },
        remedy: 'Train on conversations that end with this turn, or give a template with {% generation %} blocks.',
      });
    const render = (turns: number, addGenerationPrompt: boolean) =>
      renderChat({ ...chat, messages: chat.messages.slice(0, turns), addGenerationPrompt });
    const before = render(turn, true);
    const through = withoutLastEnd(render(turn + 1, false), text, chat.eosToken);
    if (!text.startsWith(through))
      throw refuse(`the chat template writes it otherwise when the conversation goes on (${difference(through, text)})`);
    if (!through.startsWith(before))
      throw refuse(`it does not continue what the chat template puts before an answer (${difference(before, through)})`);
    if (through.length === before.length) throw refuse('the chat template writes nothing of it');
    if (turn === chat.messages.length - 1 && turn > 0 && before === render(turn, false)) {
      // the template does not ask whether an answer is wanted: it may begin one behind this turn, which then is no end
      const next = renderChat({ ...chat, messages: [...chat.messages, { role: 'user', content: '?' }] });
      if (!next.startsWith(through))
        throw refuse(
          `the chat template puts something behind it that is not there when the conversation goes on (${difference(through, next)})`,
        );
    }
    spans.push([before.length, through.length]);
  });
  return spans;
}

/** Some templates close every text with the end token, which is not there where the conversation goes on. */
function withoutLastEnd(through: string, text: string, eosToken: string | null | undefined): string {
  if (text.startsWith(through) || !eosToken || !through.endsWith(eosToken)) return through;
  return through.slice(0, -eosToken.length);
}

/** A turn ends with its end token: the blanks that a template writes behind it are not the assistant's. */
function dropBlanksBehindEnd(mask: boolean[], ids: readonly number[], offsets: readonly Span[], text: string, tokenizer: Tokenizer): void {
  const isSpecial = (index: number) =>
    tokenizer.decode([ids[index] as number]) === '' && (offsets[index]?.[1] ?? 0) > (offsets[index]?.[0] ?? 0);
  for (let last = mask.length - 1; last >= 0; last -= 1) {
    if (!mask[last] || mask[last + 1]) continue;
    let end = last;
    while (end >= 0 && mask[end] && text.slice(...(offsets[end] as Span)).trim() === '' && !isSpecial(end)) end -= 1;
    if (end >= 0 && mask[end] && isSpecial(end)) mask.fill(false, end + 1, last + 1);
  }
}

/**
 * A conversation as tokens, and which of them the assistant wrote: what stands in the template's `{% generation %}` blocks, else each
 * assistant turn with its end token, found by rendering the conversation up to it. No token is put around: the template writes what the
 * model expects, BOS included. Throws BAD_INPUT naming the turn where the template changes earlier turns as the conversation goes on.
 */
export function tokenizeChat(chat: ChatRendering & { readonly tokenizer: Tokenizer }): TokenizedChat {
  const { tokenizer, ...rendering } = chat;
  const text = renderChat(rendering);
  const hasBlocks = rendering.template.search(generationTag) >= 0;
  const spans = hasBlocks ? generationSpans(rendering, text) : prefixSpans(rendering, text);
  const { ids, offsets } = tokenizer.encodeWithOffsets(text);
  const assistantMask = offsets.map(([start, end]) =>
    spans.some(([from, to]) => (start === end ? start >= from && start < to : start < to && end > from)),
  );
  if (!hasBlocks) dropBlanksBehindEnd(assistantMask, ids, offsets, text, tokenizer);
  return { ids, offsets, assistantMask };
}
