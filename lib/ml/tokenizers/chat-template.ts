import { Environment, parse, tokenize } from '@huggingface/jinja';
import { AppError } from '#lib/errors';
import { ChatInterpreter } from './chat-interpreter';

/** One message as templates read it: `role`, `content`, and what else a template knows (`tool_calls`, `name`, `reasoning_content`). */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

export interface ChatRendering {
  readonly template: string;
  readonly messages: readonly ChatMessage[];
  readonly bosToken?: string | null;
  readonly eosToken?: string | null;
  /** Ends with what starts an answer of the assistant. */
  readonly addGenerationPrompt?: boolean;
  /** JSON schemas of functions, for templates that offer tools. */
  readonly tools?: readonly unknown[];
  /** What `strftime_now` tells, in UTC. Without it templates have no clock, and those that can write a fixed date. */
  readonly now?: Date;
  /** Further variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** Python's `strftime` in the C locale, for the codes that templates use. */
function formatTime(now: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = days[now.getUTCDay()] as string;
  const month = months[now.getUTCMonth()] as string;
  const codes: Readonly<Record<string, string>> = {
    A: day,
    a: day.slice(0, 3),
    B: month,
    b: month.slice(0, 3),
    d: two(now.getUTCDate()),
    H: two(now.getUTCHours()),
    I: two(((now.getUTCHours() + 11) % 12) + 1),
    M: two(now.getUTCMinutes()),
    m: two(now.getUTCMonth() + 1),
    p: now.getUTCHours() < 12 ? 'AM' : 'PM',
    S: two(now.getUTCSeconds()),
    Y: String(now.getUTCFullYear()),
    y: two(now.getUTCFullYear() % 100),
    '%': '%',
  };
  return format.replaceAll(/%(.)/g, (written, code: string) => {
    const value = codes[code];
    if (value === undefined) throw new Error(`strftime_now does not know ${written}`);
    return value;
  });
}

/** What a template itself says against the messages, told apart from faults of the template. */
class TemplateRefusal extends Error {}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Templates that were read: a mask renders the same one several times, a data set thousands of times. */
const programs = new Map<string, ReturnType<typeof parse>>();
const keptPrograms = 8;

/** A template that was read. Throws BAD_INPUT where it cannot be. */
function readTemplate(template: string): ReturnType<typeof parse> {
  const read = programs.get(template);
  if (read) return read;
  try {
    // as transformers sets Jinja up: the line break after a tag and the blanks before one on its line go
    const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
    if (programs.size >= keptPrograms) programs.clear();
    programs.set(template, program);
    return program;
  } catch (error) {
    throw new AppError('BAD_INPUT', `The chat template cannot be read: ${reasonOf(error)}.`, {
      remedy: 'Give the Jinja template of the model as its makers published it.',
      cause: error,
    });
  }
}

/**
 * The text of a conversation as the model knows it, from its own template. Throws BAD_INPUT with the template's own words where it
 * refuses the messages, and with the reason where it cannot be read or run.
 */
export function renderChat(chat: ChatRendering): string {
  const program = readTemplate(chat.template);
  const environment = new Environment();
  const { now } = chat;
  const globals: Record<string, unknown> = {
    false: false,
    true: true,
    none: null,
    False: false,
    True: true,
    None: null,
    range: rangeOf,
    raise_exception: (message: unknown) => {
      throw new TemplateRefusal(String(message));
    },
    ...(now && { strftime_now: (format: string) => formatTime(now, format) }),
    bos_token: chat.bosToken ?? '',
    eos_token: chat.eosToken ?? '',
    add_generation_prompt: chat.addGenerationPrompt ?? false,
    tools: chat.tools ?? null,
    documents: null,
    ...chat.variables,
    messages: chat.messages,
  };
  try {
    for (const [name, value] of Object.entries(globals)) environment.set(name, value);
    return String(new ChatInterpreter(environment).run(program).value);
  } catch (error) {
    const message =
      error instanceof TemplateRefusal
        ? `The chat template refuses these messages: ${error.message}`
        : `The chat template cannot be run on these messages: ${reasonOf(error)}`;
    throw new AppError('BAD_INPUT', message, {
      remedy: 'Change the messages (roles, order, fields) to what the template takes.',
      cause: error,
    });
  }
}

/** Python's `range`. */
function rangeOf(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error('range() arg 3 must not be zero');
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, index) => start + index * step);
}
