import { Redis } from 'ioredis';
import { AppError } from '#lib/errors';

const oldest = [6, 2];

/** Asks the Redis of REDIS_URL once, so that a wrong address is told at the start and not by every worker. */
export async function requireRedis(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const address = `${hostname}:${port || '6379'}`;
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let reason = '';
  client.on('error', (error) => {
    reason = error.message;
  });
  let version = '';
  try {
    await client.connect();
    version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '';
  } catch (cause) {
    throw new AppError('UNAVAILABLE', `Redis at ${address} does not answer: ${reason || String(cause)}.`, {
      remedy: 'Check REDIS_URL and that server, or unset REDIS_URL to keep the queues in the database.',
      cause,
    });
  } finally {
    client.disconnect();
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > (oldest[0] ?? 0) || (major === oldest[0] && minor >= (oldest[1] ?? 0))) return;
  throw new AppError('PRECONDITION', `Redis at ${address} is version ${version || 'unknown'}.`, {
    remedy: `Use ${oldest.join('.')} or newer.`,
  });
}
