import { inject } from 'vitest';

/** Address of the run's Redis. */
export function testRedisUrl(): string {
  const url = inject('testRedisUrl');
  if (url === '') throw new Error('redis-server is not installed: apt-get install redis-server');
  return url;
}
