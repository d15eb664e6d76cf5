import type { Tensor } from './engine';
import type { Kernels } from './kernels';
import type { Scopes } from './scopes';

/** Gradient of the output to gradients of the inputs, in their order; `undefined` where `needs` is false or there is none. */
export type Backward = (gradient: Tensor, needs: readonly boolean[]) => readonly (Tensor | undefined)[];

interface TapeNode {
  readonly output: Tensor;
  readonly inputs: readonly Tensor[];
  readonly needs: readonly boolean[];
  readonly backward: Backward;
}

/** Reverse-mode differentiation: operations write themselves down in order, `backward` walks the list from its end. */
export class Tape {
  private readonly nodes: TapeNode[] = [];
  private readonly tracked = new Set<Tensor>();

  watch(tensor: Tensor): void {
    this.tracked.add(tensor);
  }

  record(output: Tensor, inputs: readonly Tensor[], backward: Backward): void {
    const needs = inputs.map((input) => this.tracked.has(input));
    if (!needs.includes(true)) return;
    this.tracked.add(output);
    this.nodes.push({ output, inputs, needs, backward });
  }

  /**
   * Gradients of the scalar `loss` by watched tensor. Activations and gradients are freed as soon as nothing earlier needs them,
   * but for the tensors in `keep`.
   */
  backward(loss: Tensor, keep: ReadonlySet<Tensor>, kernels: Kernels, scopes: Scopes): Map<Tensor, Tensor> {
    const gradients = new Map<Tensor, Tensor>();
    const holders = new Map<Tensor, number>();
    const hold = (tensor: Tensor) => holders.set(tensor, (holders.get(tensor) ?? 0) + 1);
    const drop = (tensor: Tensor) => {
      const left = (holders.get(tensor) ?? 0) - 1;
      holders.set(tensor, left);
      if (left === 0) scopes.release(tensor);
    };
    const add = (input: Tensor, gradient: Tensor) => {
      const before = gradients.get(input);
      hold(gradient);
      if (!before) {
        gradients.set(input, gradient);
        return;
      }
      const sum = kernels.binary('add', before, gradient);
      hold(sum);
      gradients.set(input, sum);
      drop(before);
      drop(gradient);
    };
    const seed = kernels.fill([], 1);
    hold(seed);
    gradients.set(loss, seed);
    for (const node of this.nodes.toReversed()) {
      const gradient = gradients.get(node.output);
      if (gradient) {
        scopes.start();
        const results = node.backward(gradient, node.needs);
        scopes.end(results.filter((result) => result !== undefined));
        results.forEach((result, index) => {
          const input = node.inputs[index];
          if (!result || !input) return;
          if (node.needs[index]) add(input, result);
        });
        gradients.delete(node.output);
        drop(gradient);
      }
      if (!keep.has(node.output)) scopes.release(node.output);
    }
    return this.separated(gradients, kernels);
  }

  /** No two results share one handle, so that each can be disposed by itself. */
  private separated(gradients: Map<Tensor, Tensor>, kernels: Kernels): Map<Tensor, Tensor> {
    const seen = new Set<Tensor>();
    const own = new Map<Tensor, Tensor>();
    for (const [input, gradient] of gradients) {
      own.set(input, seen.has(gradient) ? kernels.unary('identity', gradient) : gradient);
      seen.add(gradient);
    }
    return own;
  }
}

/** What every differentiable operation needs: the library, and the tape where one is running. */
export class Recorder {
  tape: Tape | undefined;

  constructor(
    readonly kernels: Kernels,
    readonly scopes: Scopes,
  ) {}

  apply(output: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
    this.tape?.record(output, inputs, backward);
    return output;
  }
}
