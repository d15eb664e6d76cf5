import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseEnv, readOrMakeSecret } from '#lib/env';
import { AppError } from '#lib/errors';

const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-env-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusal(source: Record<string, string>): string {
  try {
    parseEnv(source);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_INPUT') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('parseEnv', () => {
  test('everything has a default', () => {
    expect(parseEnv({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      publicUrl: null,
      dataDir: path.resolve('.plumbline'),
      databaseUrl: null,
      databaseConnections: 10,
      redisUrl: null,
      logLevel: 'info',
      engine: { backend: 'auto', device: 'auto', threads: null, nativeLibrary: null, hugePages: true, memoryLimitBytes: null },
      heartbeatSeconds: 5,
      staleSeconds: 30,
      maxAttempts: 3,
    });
  });

  test('an empty value counts as not set', () => {
    expect(parseEnv({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({ port: 3000, databaseUrl: null });
  });

  test('values are read with their types', () => {
    const env = parseEnv({
      PORT: '4101',
      PUBLIC_URL: 'https://x.org/',
      PLUMBLINE_THREADS: '2',
      PLUMBLINE_HOME: '/data',
      REDIS_URL: 'redis://h:1',
    });
    expect(env).toMatchObject({ port: 4101, publicUrl: 'https://x.org', dataDir: '/data', redisUrl: 'redis://h:1' });
    expect(env.engine.threads).toBe(2);
  });

  test('the engine is set by its own variables', () => {
    const { engine } = parseEnv({
      PLUMBLINE_DEVICE: 'gpu',
      PLUMBLINE_HUGE_PAGES: 'off',
      PLUMBLINE_MEMORY_LIMIT: '2048',
      PLUMBLINE_THREADS: '0',
    });
    expect(engine).toEqual({
      backend: 'auto',
      device: 'gpu',
      threads: null,
      nativeLibrary: null,
      hugePages: false,
      memoryLimitBytes: 2 ** 31,
    });
    expect(refusal({ PLUMBLINE_DEVICE: 'tpu', PLUMBLINE_HUGE_PAGES: 'yes', PLUMBLINE_MEMORY_LIMIT: '-1' })).toMatch(
      /PLUMBLINE_DEVICE .*PLUMBLINE_HUGE_PAGES .*PLUMBLINE_MEMORY_LIMIT must be a whole number/,
    );
  });

  test('every wrong variable is named with what it must be', () => {
    const message = refusal({ PORT: '99999', DATABASE_URL: 'mysql://x', PLUMBLINE_ENGINE: 'cuda' });
    expect(message).toContain('PORT must be a whole number from 1 to 65535');
    expect(message).toContain('DATABASE_URL must look like postgresql://user:password@host:5432/database');
    expect(message).toContain('PLUMBLINE_ENGINE');
  });

  test.each(['3000.5', '-1', 'web', '0x10'])('PORT=%s is refused', (port) => {
    expect(refusal({ PORT: port })).toContain('PORT');
  });

  test('a run may not be taken away before three heartbeats were missed', () => {
    expect(refusal({ PLUMBLINE_HEARTBEAT_SECONDS: '10', PLUMBLINE_STALE_SECONDS: '29' })).toContain('three times');
    expect(parseEnv({ PLUMBLINE_HEARTBEAT_SECONDS: '10', PLUMBLINE_STALE_SECONDS: '30' }).staleSeconds).toBe(30);
  });
});

describe('readOrMakeSecret', () => {
  test('is made once, is long, stays the same, and only its owner may read it', () => {
    const home = path.join(folder, 'new', 'home');
    const secret = readOrMakeSecret(home);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(readOrMakeSecret(home)).toBe(secret);
    expect(statSync(path.join(home, 'secret')).mode & 0o777).toBe(0o600);
    expect(readOrMakeSecret(path.join(folder, 'other'))).not.toBe(secret);
  });

  test('a damaged secret is refused, never used', () => {
    writeFileSync(path.join(folder, 'secret'), 'short\n');
    expect(() => readOrMakeSecret(folder)).toThrow(/damaged/);
  });
});
