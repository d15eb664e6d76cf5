/** A map from two whole numbers from 0 on to a third, in flat arrays: merges and tries hold hundreds of thousands of them. */
export class PairTable {
  private readonly mask: number;
  /** Three numbers a slot: left, right, value; a free slot has -1 as value. */
  private readonly slots: Int32Array;

  constructor(capacity: number) {
    let size = 16;
    while (size < capacity * 2) size *= 2;
    this.mask = size - 1;
    this.slots = new Int32Array(size * 3).fill(-1);
  }

  private slotOf(left: number, right: number): number {
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let index = hash & this.mask; ; index = (index + 1) & this.mask) {
      const slot = index * 3;
      if (this.slots[slot + 2] === -1 || (this.slots[slot] === left && this.slots[slot + 1] === right)) return slot;
    }
  }

  set(left: number, right: number, value: number): void {
    const slot = this.slotOf(left, right);
    this.slots[slot] = left;
    this.slots[slot + 1] = right;
    this.slots[slot + 2] = value;
  }

  /** -1 where the pair was never set. */
  get(left: number, right: number): number {
    return this.slots[this.slotOf(left, right) + 2] as number;
  }
}
