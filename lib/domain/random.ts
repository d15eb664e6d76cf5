/**
 * Seeded random numbers in named streams. A stream's identity is (seed, names...): the same identity gives the same numbers
 * everywhere, and drawing from one stream never moves another. The generator is sfc32 (Chris Doty-Humphrey, PractRand):
 * 128 bits of state, 32 bits a draw. Not for secrets.
 */

/** Everything needed to go on with a stream in another process; plain JSON. */
export interface RandomState {
  readonly identity: string;
  readonly words: readonly [number, number, number, number];
}

export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform in 0 .. n - 1, without modulo bias. Throws RangeError unless 1 <= n <= 2^32. */
  integer(n: number): number;
  /** Standard normal (Box and Muller 1958; one of the two values is dropped, so that the state stays four words). */
  normal(): number;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** Another stream, derived from this one's identity, not from how far it was drawn. */
  fork(name: string | number): Random;
  state(): RandomState;
}

/** 128-bit hash of a text (four FNV-1a lanes with different offsets, each finished with the mixer of MurmurHash3). */
function hashText(text: string): [number, number, number, number] {
  const lanes: [number, number, number, number] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    lanes[0] = Math.imul(lanes[0] ^ unit, 0x01000193);
    lanes[1] = Math.imul(lanes[1] ^ (unit + lanes[0]), 0x01000193);
    lanes[2] = Math.imul(lanes[2] ^ (unit + lanes[1]), 0x01000193);
    lanes[3] = Math.imul(lanes[3] ^ (unit + lanes[2]), 0x01000193);
  }
  const mix = (word: number): number => {
    let mixed = word ^ (word >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  return [mix(lanes[0] ^ lanes[3]), mix(lanes[1] ^ lanes[0]), mix(lanes[2] ^ lanes[1]), mix(lanes[3] ^ lanes[2])];
}

class Sfc32 implements Random {
  readonly #identity: string;
  readonly #words: Uint32Array;

  constructor(identity: string, words: ArrayLike<number>) {
    this.#identity = identity;
    this.#words = Uint32Array.from({ length: 4 }, (_, index) => words[index] ?? 0);
  }

  #draw(): number {
    const words = this.#words;
    const a = words[0] as number;
    const b = words[1] as number;
    const c = words[2] as number;
    const counter = words[3] as number;
    const result = (a + b + counter) >>> 0;
    words[3] = counter + 1;
    words[0] = b ^ (b >>> 9);
    words[1] = c + (c << 3);
    words[2] = ((c << 21) | (c >>> 11)) + result;
    return result;
  }

  next(): number {
    const high = this.#draw() >>> 5; // 27 bits
    const low = this.#draw() >>> 6; // 26 bits
    return (high * 67108864 + low) / 9007199254740992;
  }

  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296) throw new RangeError(`integer(n): n must be 1 .. 2^32, got ${n}`);
    // Draws above the largest multiple of n are thrown away: each result is equally likely.
    const limit = 4294967296 - (4294967296 % n);
    let draw = this.#draw();
    while (draw >= limit) draw = this.#draw();
    return draw % n;
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1);
      const held = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = held;
    }
    return shuffled;
  }

  fork(name: string | number): Random {
    return fromIdentity(JSON.stringify([this.#identity, name]));
  }

  state(): RandomState {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#words;
    return { identity: this.#identity, words: [a, b, c, counter] };
  }
}

function fromIdentity(identity: string): Random {
  const random = new Sfc32(identity, hashText(identity));
  // PractRand's own seeding runs the generator some rounds, so that near seeds part.
  for (let round = 0; round < 8; round += 1) random.next();
  return random;
}

/** The stream named (seed, ...names). */
export function createRandom(seed: number | string, ...names: readonly (string | number)[]): Random {
  return fromIdentity(JSON.stringify([seed, ...names]));
}

/** Goes on exactly where `state()` was taken. */
export function restoreRandom(state: RandomState): Random {
  return new Sfc32(state.identity, state.words);
}
