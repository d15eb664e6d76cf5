import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import next from 'next';
import { loadEnv } from '#lib/env';
import { createLogger } from '#lib/logger';
import { answerInFront } from './answer-in-front';
import { callSlot } from './call-slot';

/** How long event streams and answers under way may take after SIGTERM; the browser connects again by itself. */
const farewellMs = 2_000;
/** Longer than the minute that proxies in front keep a connection: whoever closes first must not be the one who is about to be asked. */
const keepAliveMs = 75_000;
const calls = '/api/trpc/';

/**
 * Entry of the web process: `--host 127.0.0.1 --port 3000`. Next answers everything but tRPC calls: its way to a route costs more than
 * twice what the call itself does, and annotators wait for calls (docs/decisions/2026-11-23-calls-in-front-of-next.md).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { host: { type: 'string', default: '127.0.0.1' }, port: { type: 'string', default: '3000' } } });
  const address = { host: values.host, port: Number(values.port) };
  const logger = createLogger({ name: 'web', level: loadEnv().logLevel });
  const app = next({ dev: false, dir: path.resolve(import.meta.dirname, '..'), hostname: address.host, port: address.port });
  await app.prepare();
  const answerPage = app.getRequestHandler();

  const answer = (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const call = req.url?.startsWith(calls) && (req.method === 'GET' || req.method === 'POST') ? callSlot.take() : undefined;
    // Until Next has loaded the route, the call goes through Next, which loads it.
    return call ? answerInFront(req, res, call) : answerPage(req, res);
  };

  const server = http.createServer({ keepAliveTimeout: keepAliveMs }, (req, res) => {
    answer(req, res).catch((error: unknown) => {
      logger.error({ err: error, url: req.url?.split('?')[0] }, 'a request broke off');
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    });
  });
  server.once('error', (error) => {
    logger.fatal({ err: error }, `cannot listen on ${address.host}:${address.port}`);
    process.exit(1);
  });

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    server.close(() => void app.close().finally(() => process.exit(0)));
    setTimeout(() => server.closeAllConnections(), farewellMs).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  server.listen(address.port, address.host, () => logger.info(address, 'listening'));
}

await main();
