import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Letter, Outbox, type Trouble } from '../../../../app/p/[project]/annotate/_state/outbox';

const letter = (key: string): Letter => ({ key, assignmentId: `task-${key}`, tries: 0 });

/** A far end that answers as it is told; what it got is written down. */
function setUp(kept: Letter[] = []) {
  const box = new Map(kept.map((one) => [one.key, one]));
  const got: string[] = [];
  const told: string[] = [];
  const far: { fails: Trouble | null } = { fails: null };
  const outbox = new Outbox<Letter, string>({
    send: async ({ key }) => {
      got.push(key);
      await Promise.resolve();
      if (far.fails) throw far.fails;
      return `ack-${key}`;
    },
    readTrouble: (error) => error as Trouble,
    box: { load: () => [...box.values()], keep: (one) => box.set(one.key, one), forget: (key) => box.delete(key) },
    sent: (one, answer) => {
      told.push(answer);
      if (one.key === 'adds') outbox.add(letter('added'));
    },
    refused: () => told.push('refused'),
    changed: () => {},
    now: () => Date.now(),
  });
  return { outbox, box, got, told, far };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the outbox', () => {
  it('sends one after another, each once, also what is added while one is acknowledged', async () => {
    const { outbox, box, got, told } = setUp();
    outbox.add(letter('adds'));
    outbox.add(letter('b'));
    await vi.advanceTimersByTimeAsync(10);
    expect(got).toEqual(['adds', 'b', 'added']);
    expect(told).toEqual(['ack-adds', 'ack-b', 'ack-added']);
    expect(box.size).toBe(0);
  });

  it('keeps a letter and its number of tries before it leaves', async () => {
    const { outbox, box, far } = setUp();
    far.fails = { code: 'OFFLINE', message: '' };
    outbox.add(letter('a'));
    await vi.advanceTimersByTimeAsync(1);
    expect(box.get('a')?.tries).toBe(1);
    expect(outbox.takeOut('a')).toBe(false); // the server may have it
  });

  it('waits 2, 4, 8 ... at most 30 s between tries, and starts afresh after a success', async () => {
    const { outbox, got, far } = setUp();
    far.fails = { code: 'UNAVAILABLE', message: '' };
    outbox.add(letter('a'));
    const at: number[] = [];
    for (let second = 0; second <= 100; second += 1) {
      await vi.advanceTimersByTimeAsync(second === 0 ? 1 : 1000);
      while (at.length < got.length) at.push(second);
    }
    expect(at).toEqual([0, 2, 6, 14, 30, 60, 90]);
    far.fails = null;
    await outbox.sendNow();
    far.fails = { code: 'OFFLINE', message: '' };
    outbox.add(letter('b'));
    await vi.advanceTimersByTimeAsync(1);
    expect((outbox.state.retryAt ?? 0) - Date.now()).toBeLessThanOrEqual(2000);
  });

  it('goes past what the server refuses, and keeps it until it is left out', async () => {
    const { outbox, box, got, told, far } = setUp();
    far.fails = { code: 'CONFLICT', message: 'sent already' };
    outbox.add(letter('a'));
    await vi.advanceTimersByTimeAsync(1);
    far.fails = null;
    outbox.add(letter('b'));
    await vi.advanceTimersByTimeAsync(1);
    expect(got).toEqual(['a', 'b']);
    expect(told).toEqual(['refused', 'ack-b']);
    expect(outbox.state.refused.map((one) => one.trouble.message)).toEqual(['sent already']);
    expect([...box.keys()]).toEqual(['a']);
    outbox.discard('a');
    expect(box.size).toBe(0);
  });

  it('takes out what has not left, and sends what an earlier page left', async () => {
    const { outbox, got, far } = setUp([letter('old')]);
    far.fails = { code: 'OFFLINE', message: '' };
    await outbox.sendNow();
    outbox.add(letter('new'));
    expect(outbox.takeOut('new')).toBe(true);
    far.fails = null;
    await outbox.sendNow();
    expect(got).toEqual(['old', 'old']);
    expect(outbox.state.waiting).toEqual([]);
  });

  it('sends nothing once closed', async () => {
    const { outbox, got } = setUp();
    outbox.close();
    outbox.add(letter('a'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(got).toEqual([]);
    outbox.reopen();
    await outbox.sendNow();
    expect(got).toEqual(['a']);
  });
});
