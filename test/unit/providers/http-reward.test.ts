import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpSpec, rewardSpec } from '#lib/ml/rewards/reward-spec';
import type { Episode } from '#lib/ml/training/examples';
import { httpReward } from '#lib/providers/http-reward';
import { numberTokenizer } from '../ml/trainers/tiny-model';

interface Asked {
  readonly query: string[];
  readonly prompts: string[];
  readonly labels?: (string | null)[];
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A real server; `answer` gets what was sent, and the number of the request from 1. */
async function serve(answer: (asked: Asked, response: ServerResponse, number: number, request: IncomingMessage) => void): Promise<string> {
  let number = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      number += 1;
      answer(JSON.parse(Buffer.concat(parts).toString('utf8')) as Asked, response, number, request);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/get_reward`;
}

const specOf = (http: string, change: object = {}) =>
  rewardSpec.parse({ http, retries: 2, backOffSeconds: 0.01, timeoutSeconds: 5, ...change }) as HttpSpec;
const episodes = [3, 4, 5, 6, 7].map(
  (token): Episode => ({ promptId: `p${token}`, prompt: [1, token], response: [token, 9, 2], ended: true }),
);
const score = (spec: HttpSpec, answers = episodes, signal?: AbortSignal) =>
  httpReward(spec, { tokenizer: numberTokenizer })(answers, signal);
const scored = ({ prompts }: Asked) => prompts.map((prompt) => Number(prompt.split(' ').at(-1)) / 10);

describe('a reward server', () => {
  test('gets whole texts, prompts and labels, in batches, and its rewards stand in the order of the answers', async () => {
    const all: Asked[] = [];
    const headers: (string | undefined)[] = [];
    const url = await serve((asked, response, _, request) => {
      all.push(asked);
      headers.push(request.headers.authorization);
      // the first batch is answered last
      setTimeout(() => response.end(JSON.stringify({ rewards: scored(asked) })), asked.prompts[0]?.endsWith('3') ? 60 : 0);
    });
    const spec = specOf(url, { batchSize: 2, headers: { authorization: 'Bearer x' } });
    const reward = httpReward(spec, { tokenizer: numberTokenizer, expected: new Map([['p4', 'four']]) });
    expect(await reward(episodes)).toEqual({ total: [0.3, 0.4, 0.5, 0.6, 0.7] });
    expect(all.length).toBe(3);
    const first = all.find(({ prompts }) => prompts[0] === '1 3');
    expect(first).toEqual({ query: ['1 3 3 9 2', '1 4 4 9 2'], prompts: ['1 3', '1 4'], labels: [null, 'four'] });
    expect(all.find(({ prompts }) => prompts[0] === '1 5')).not.toHaveProperty('labels');
    expect(new Set(headers)).toEqual(new Set(['Bearer x']));
  });

  test('may say "scores", also as lists of one', async () => {
    const url = await serve((asked, response) =>
      response.end(JSON.stringify({ scores: scored(asked).map((value) => [value]), extra_logs: {} })),
    );
    expect(await score(specOf(url))).toEqual({ total: [0.3, 0.4, 0.5, 0.6, 0.7] });
  });

  test('is asked again while it is busy', async () => {
    const url = await serve((asked, response, number) => {
      if (number === 1) response.destroy();
      else if (number === 2) response.writeHead(503).end();
      else response.end(JSON.stringify({ rewards: scored(asked) }));
    });
    expect((await score(specOf(url))).total.length).toBe(5);
  });

  test.each([
    ['no JSON', '<html>', 'is not JSON: "<html>"', 'answer-json'],
    ["Python's NaN", '{"rewards": [1, 2, NaN, 4, 5]}', 'is not JSON', 'answer-json'],
    ['null', '{"rewards": [1, 2, null, 4, 5]}', 'has null for answer 3, which is no number', 'finite-reward'],
    ['text', '{"rewards": [1, 2, "3", 4, 5]}', 'has "3" for answer 3', 'finite-reward'],
    ['infinity', '{"rewards": [1, 2, 3, 4, 1e999]}', 'has Infinity for answer 5', 'finite-reward'],
    ['too few', '{"rewards": [1, 2]}', 'has 2 scores for 5 answers', 'one-score-an-answer'],
    ['one number', '{"rewards": 1}', 'has no list of scores but 1', 'finite-reward'],
    ['neither', '{"score": [1]}', 'has neither "rewards" nor "scores"', 'answer-fields'],
  ])('that answers with %s stops the run at once, by name', async (_, body, message, check) => {
    let requests = 0;
    const url = await serve((__, response, number) => {
      requests = number;
      response.end(body);
    });
    const failure = await Promise.resolve(score(specOf(url))).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', details: { endpoint: url, check } });
    expect((failure as Error).message).toContain(`The answer of the reward server ${url} ${message}`);
    expect(requests).toBe(1);
  });

  test('that leads elsewhere, refuses or sends without end is left', async () => {
    let elsewhere = 0;
    const other = await serve((_, response) => {
      elsewhere += 1;
      response.end('{"rewards":[1,2,3,4,5]}');
    });
    const redirecting = await serve((_, response) => response.writeHead(307, { location: other }).end());
    await expect(score(specOf(redirecting))).rejects.toThrow(`leads to ${other}, which is not followed`);
    expect(elsewhere).toBe(0);
    const refusing = await serve((_, response) => response.writeHead(401).end('no'));
    await expect(score(specOf(refusing))).rejects.toThrow('has status 401: "no"');
    const endless = await serve((_, response) => {
      const send = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20, ' ')));
        if (!response.destroyed) response.once('drain', send);
      };
      response.on('error', () => response.destroy());
      send();
    });
    await expect(score(specOf(endless))).rejects.toMatchObject({ details: { check: 'answer-size' } });
  });

  test('that is down, or never answers, is named after all tries', async () => {
    const url = await serve((_, response) => response.end());
    const gone = servers.pop()!;
    await new Promise((resolve) => gone.close(resolve));
    await expect(score(specOf(url))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { endpoint: url, check: 'endpoint-up', tries: 3 },
    });
    let requests = 0;
    const silent = await serve((_, __, number) => {
      requests = number;
    });
    await expect(score(specOf(silent, { timeoutSeconds: 0.1, retries: 1 }))).rejects.toThrow(
      `The reward server ${silent} cannot be reached: no answer within 0.1 seconds (2 tries).`,
    );
    expect(requests).toBe(2);
  });

  test('is not waited for after a cancel', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    await expect(score(specOf(url), episodes, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    const waiting = new AbortController();
    const failing = await serve((_, response) => {
      response.writeHead(500).end();
      setTimeout(() => waiting.abort(), 20);
    });
    await expect(score(specOf(failing, { backOffSeconds: 60 }), episodes, waiting.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
