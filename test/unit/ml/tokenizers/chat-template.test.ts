import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import { type ChatMessage, type ChatRendering, renderChat } from '#lib/ml/tokenizers/chat-template';

const data = process.env.PLUMBLINE_TEST_DATA ? join(process.env.PLUMBLINE_TEST_DATA, 'chat-templates') : undefined;
const folder = data && existsSync(join(data, 'vectors.json.gz')) ? data : undefined;

const hello: readonly ChatMessage[] = [{ role: 'user', content: 'hello' }];
const render = (template: string, change: Partial<ChatRendering> = {}) => renderChat({ template, messages: hello, ...change });

function failure(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  }
  throw new Error('nothing was thrown');
}

describe('chat template', () => {
  test('gets messages, tokens, tools and whether an answer is wanted', () => {
    const template =
      "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message['content'] }}{{ eos_token }}{% endfor %}" +
      '{% if tools %}{{ tools | tojson }}{% endif %}{% if add_generation_prompt %}[assistant]{% endif %}{{ extra }}';
    expect(render(template)).toBe('[user] hello');
    expect(render(template, { bosToken: '<s>', eosToken: '</s>', addGenerationPrompt: true })).toBe('<s>[user] hello</s>[assistant]');
    expect(render(template, { bosToken: null, tools: [{ name: 'f<>' }], variables: { extra: 7 } })).toBe('[user] hello[{"name": "f<>"}]7');
  });

  test('blanks before and the line break after a tag go', () => {
    expect(render('a\n  {% if true %}\n  b\n  {%- endif %}\n{# note #}\nc\n')).toBe('a\n  bc');
  });

  test('loop controls, namespaces, filters and slices', () => {
    expect(
      render('{% for x in range(9) %}{% if x == 1 %}{% continue %}{% endif %}{% if x > 3 %}{% break %}{% endif %}{{ x }}{% endfor %}'),
    ).toBe('023');
    expect(render('{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 2 %}{% endfor %}{{ ns.n }}')).toBe('2');
    expect(render("{{ ' a ' | trim }}{{ messages[0].content[1:3] | upper }}{{ messages[-1]['role'] }}")).toBe('aELuser');
  });

  test('takes what is undefined or none as Jinja2 does', () => {
    expect(render("{{ tools | selectattr('type', 'equalto', 'f') | list | length }}")).toBe('0');
    expect(render('{{ missing | trim }}{{ messages[0].name | upper }}.')).toBe('.');
    expect(render("{{ {'a': 1}[missing] }}.")).toBe('.');
    expect(render("{% for a, b in [('x', 1), ('y', 2)] %}{{ a }}{{ b }}{% endfor %}")).toBe('x1y2');
    expect(render("{{ missing == none }} {{ '' == 0 }} {{ '1' != 1 }} {{ 'a' == 'a' }} {{ none == none }}")).toBe(
      'false false true true true',
    );
  });

  test('the clock is what was given, in UTC, or is not there', () => {
    const template = "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y, %H:%M:%S %p %A %%') }}{% else %}26 Jul 2024{% endif %}";
    expect(render(template)).toBe('26 Jul 2024');
    expect(render(template, { now: new Date('2026-03-09T15:04:05Z') })).toBe('09 Mar 2026, 15:04:05 PM Monday %');
    expect(failure(() => render("{{ strftime_now('%Q') }}", { now: new Date(0) })).message).toMatch(/strftime_now does not know %Q/);
  });

  test('what the template says against the messages reaches the reader', () => {
    const error = failure(() => render("{{ raise_exception('Roles must alternate!') }}"));
    expect(error).toMatchObject({ code: 'BAD_INPUT', message: 'The chat template refuses these messages: Roles must alternate!' });
  });

  test('a template that cannot be read or run says so', () => {
    expect(failure(() => render('{% if true %}')).message).toMatch(/^The chat template cannot be read: /);
    expect(failure(() => render('{{ messages[0].foo.bar }}')).message).toMatch(/"foo" is undefined/);
    expect(failure(() => render('{{ special_names[0] }}')).message).toMatch(
      /cannot be run on these messages: "special_names" is undefined/,
    );
    const parts = [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }];
    expect(failure(() => render("{{ 'user: ' + messages[0].content }}", { messages: parts })).message).toMatch(
      /text and a list cannot be joined/,
    );
  });

  test('no template reaches JavaScript', () => {
    for (const template of [
      "{{ messages.constructor.constructor('return process')() }}",
      "{{ ''.constructor }}",
      '{{ range.constructor }}',
      '{{ messages.__proto__ }}',
    ]) {
      let text = '';
      try {
        text = render(template);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
      expect(text).not.toMatch(/function|native code|object process/);
    }
  });
});

interface Vectors {
  readonly messages: Record<string, ChatMessage[]>;
  readonly cases: {
    readonly name: string;
    readonly template: string;
    readonly bos_token: string;
    readonly eos_token: string;
    readonly renders: { messages: string; add_generation_prompt: boolean; output: string | null; error: string | null }[];
  }[];
}

/** Templates of files that need more than messages, with the reason. */
const needs: Readonly<Record<string, { readonly reason: string; readonly chat: Partial<ChatRendering> }>> = {
  'CohereForAI-c4ai-command-r-plus-tool_use.jinja': { reason: 'loops over the tools without asking for them', chat: { tools: [] } },
  'NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja': { reason: 'loops over the tools without asking for them', chat: { tools: [] } },
  'NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja': { reason: 'loops over the tools without asking for them', chat: { tools: [] } },
  'fireworks-ai-llama-3-firefunction-v2.jinja': {
    reason: 'wants the date and the functions as texts',
    chat: { variables: { datetime: '2026-01-01', functions: '[]' } },
  },
};

describe.skipIf(!folder)('published templates (needs the chat-templates folder of PLUMBLINE_TEST_DATA)', () => {
  const vectors = folder ? (JSON.parse(gunzipSync(readFileSync(join(folder, 'vectors.json.gz'))).toString('utf8')) as Vectors) : undefined;

  test('32 templates x 3 conversations as Jinja2 renders them, or refused as it refuses them', () => {
    const counts = { equal: 0, refused: 0 };
    for (const { name, template, bos_token: bosToken, eos_token: eosToken, renders } of vectors!.cases) {
      for (const { messages, add_generation_prompt: addGenerationPrompt, output, error } of renders) {
        const work = () => renderChat({ template, messages: vectors!.messages[messages]!, bosToken, eosToken, addGenerationPrompt });
        if (output !== null) {
          expect(work(), `${name}, ${messages}`).toBe(output);
          counts.equal += 1;
          continue;
        }
        // TemplateError is the template's own refusal; UndefinedError names the variable
        const said = error!.startsWith('TemplateError: ') ? error!.slice('TemplateError: '.length) : 'is undefined';
        expect(failure(work).message, `${name}, ${messages}`).toContain(said);
        counts.refused += 1;
      }
    }
    expect(counts.equal + counts.refused).toBe(96);
    expect(counts.refused).toBe(vectors!.cases.flatMap(({ renders }) => renders).filter(({ output }) => output === null).length);
  });

  test.each(folder ? readdirSync(join(folder, 'jinja')) : [])('%s is read and run', (file) => {
    const template = readFileSync(join(folder!, 'jinja', file), 'utf8');
    const chat = { template, messages: vectors!.messages.no_system!, bosToken: '<s>', eosToken: '</s>', addGenerationPrompt: true };
    const text = renderChat({ ...chat, ...needs[file]?.chat });
    for (const said of ['Hello', 'Hi there', 'I am an assistant', 'Another question']) expect(text).toContain(said);
    if (needs[file]) expect(failure(() => renderChat(chat)).code).toBe('BAD_INPUT');
  });
});
