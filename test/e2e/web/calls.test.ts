import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { WebServer } from '../../support/web-server';
import { admin, createWebWorld, type WebWorld } from '../../support/web-world';

let database: TestDatabase;
let server: WebServer;
let world: WebWorld;
let cookie: string;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWebWorld(database.db);
  server = await WebServer.start(database.url);
  const signedIn = await fetch(`${server.address}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.address },
    body: JSON.stringify({ email: admin.email, password: admin.password }),
  });
  cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
});

afterAll(async () => {
  await server?.close();
  await database?.drop();
});

function addressOf(name: string, input: unknown): string {
  return `${server.address}/api/trpc/${name}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
}

function call(name: string, input: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(addressOf(name, input), { headers: { cookie, ...headers } });
}

describe('a call', () => {
  it('is answered in front of Next, with the headers of every response, and kept by no cache', async () => {
    // The first of all may come before Next has loaded the route, and loads it then.
    await call('runs.list', { projectId: world.projectId });
    const { headers, status } = await call('runs.list', { projectId: world.projectId });
    expect(status).toBe(200);
    // Next varies everything by how its own router asks.
    expect(headers.get('vary') ?? '').not.toContain('rsc');
    const page = await fetch(`${server.address}/sign-in`);
    expect(page.headers.get('vary')).toContain('rsc');
    for (const name of [
      'x-content-type-options',
      'x-frame-options',
      'referrer-policy',
      'cross-origin-opener-policy',
      'permissions-policy',
    ]) {
      expect(headers.get(name), name).toBe(page.headers.get(name));
      expect(headers.get(name), name).not.toBeNull();
    }
    expect(headers.get('cache-control')).toBe('private, no-store');
  });

  it('packs a long answer where the browser unpacks it, and no short one', async () => {
    const input = { datasetId: world.datasetId };
    const packed = await call('data.prompts', input, { 'accept-encoding': 'gzip' });
    const plain = await call('data.prompts', input, { 'accept-encoding': 'identity' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(plain.headers.get('content-encoding')).toBeNull();
    const text = await plain.text();
    expect(Number(plain.headers.get('content-length'))).toBe(Buffer.byteLength(text));
    expect(await packed.text()).toBe(text);
    const short = await call('runs.get', { runId: 'no such run' }, { 'accept-encoding': 'gzip' });
    expect(short.headers.get('content-encoding')).toBeNull();
  });

  it('with a Host that is none, or a path that is none, is an error of the caller', async () => {
    const { port } = new URL(server.address);
    const status = (path: string, host: string) =>
      new Promise((resolve, reject) => {
        const request = http.request({ port, host: '127.0.0.1', path, headers: { host, cookie } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        request.once('error', reject).end();
      });
    expect(await status('/api/trpc/runs.list', 'a b')).toBe(400);
    expect(await status('/api/trpc/runs.list%ZZ', '127.0.0.1')).toBe(400);
    expect(await status('/api/trpc/', '127.0.0.1')).toBe(404);
    expect((await fetch(`${server.address}/api/trpc/runs.list`, { method: 'PUT', headers: { cookie } })).status).toBe(405);
  });

  it('that a browser gives up leaves the server answering', async () => {
    for (let i = 0; i < 20; i += 1) {
      const leaving = new AbortController();
      const answer = fetch(addressOf('runs.list', { projectId: world.projectId }), { headers: { cookie }, signal: leaving.signal });
      setTimeout(() => leaving.abort(), i);
      await answer.then((response) => response.text()).catch((error: Error) => expect(error.name).toBe('AbortError'));
    }
    expect((await call('runs.list', { projectId: world.projectId })).status).toBe(200);
  });
});

describe('an event stream', () => {
  it('brings its first event at once, and ends with the server, which ends by itself', async () => {
    const stream = await call('runs.watch', { runId: world.policyRunId }, { accept: 'text/event-stream', 'accept-encoding': 'gzip' });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.headers.get('content-encoding')).toBeNull();
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('data: {"')) text += (await reader?.read())?.value ?? '';
    const ended = (async () => {
      while (!(await reader?.read())?.done);
    })().catch(() => undefined);
    expect(await server.terminate()).toBe(0);
    await ended;
    await server.start();
    expect((await call('runs.list', { projectId: world.projectId })).status).toBe(200);
  });
});
