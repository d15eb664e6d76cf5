import type { Tensor } from './engine';

/**
 * Who frees what: a tensor belongs to the scope in which it was made and is freed when that scope ends, unless the scope returns it.
 * Tensors made outside every scope live until they are released by hand.
 */
export class Scopes {
  private readonly open: Set<Tensor>[] = [];
  private readonly live = new Set<Tensor>();

  constructor(private readonly free: (tensor: Tensor) => void) {}

  /** Registers a new tensor. */
  add<T extends Tensor>(tensor: T): T {
    this.live.add(tensor);
    this.open.at(-1)?.add(tensor);
    return tensor;
  }

  /** Takes a tensor out of its scope: it lives until it is released by hand. */
  forget(tensor: Tensor): void {
    for (let index = this.open.length - 1; index >= 0; index -= 1) {
      if (this.open[index]?.delete(tensor)) return;
    }
  }

  /** Frees a tensor at once; a second time does nothing. */
  release(tensor: Tensor): void {
    if (!this.live.delete(tensor)) return;
    this.forget(tensor);
    this.free(tensor);
  }

  start(): void {
    this.open.push(new Set());
  }

  /** Ends the innermost scope; `kept` move to the one around it. */
  end(kept: Iterable<Tensor>): void {
    const scope = this.open.pop();
    if (!scope) return;
    const outer = this.open.at(-1);
    for (const tensor of kept) {
      if (scope.delete(tensor)) outer?.add(tensor);
    }
    for (const tensor of scope) {
      this.live.delete(tensor);
      this.free(tensor);
    }
  }

  count(): number {
    return this.live.size;
  }
}
