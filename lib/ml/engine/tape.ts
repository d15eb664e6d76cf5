import type { Tensor } from './engine';
import type { Kernels } from './kernels';
import type { Scopes } from './scopes';

/** Gradient of the output to gradients of the inputs, in their order; `undefined` where `needs` is false or there is none. */
export type Backward = (gradient: Tensor, needs: readonly boolean[]) => readonly (Tensor | undefined)[];

/** The same for an operation of several outputs; one that nothing depends on has a gradient of zeros. */
export type BackwardOfMany = (gradients: readonly Tensor[], needs: readonly boolean[]) => readonly (Tensor | undefined)[];

interface TapeNode {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly needs: readonly boolean[];
  readonly backward: BackwardOfMany;
}

/** Reverse-mode differentiation: operations write themselves down in order, `backward` walks the list from its end. */
export class Tape {
  private readonly nodes: TapeNode[] = [];
  private readonly tracked = new Set<Tensor>();

  watch(tensor: Tensor): void {
    this.tracked.add(tensor);
  }

  /** Whether a gradient can flow through the tensor. */
  tracks(tensor: Tensor): boolean {
    return this.tracked.has(tensor);
  }

  record(outputs: readonly Tensor[], inputs: readonly Tensor[], backward: BackwardOfMany): void {
    const needs = inputs.map((input) => this.tracked.has(input));
    if (!needs.includes(true)) return;
    for (const output of outputs) this.tracked.add(output);
    this.nodes.push({ outputs, inputs, needs, backward });
  }

  /** Gradients of the scalar `loss` by watched tensor, each a handle of its own. The tensors in `keep` are not freed. */
  gradientsOf(loss: Tensor, keep: ReadonlySet<Tensor>, kernels: Kernels, scopes: Scopes): Map<Tensor, Tensor> {
    return this.separated(this.backward([[loss, kernels.fill([], 1)]], keep, kernels, scopes), kernels);
  }

  /**
   * Gradients by watched tensor, from those of `outputs`. Activations and gradients are freed as soon as nothing earlier needs them,
   * but for the tensors in `keep` and the gradients that were given.
   */
  backward(
    outputs: readonly (readonly [output: Tensor, gradient: Tensor])[],
    keep: ReadonlySet<Tensor>,
    kernels: Kernels,
    scopes: Scopes,
  ): Map<Tensor, Tensor> {
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
    for (const [output, gradient] of outputs) {
      // one time more than it is dropped: it belongs to the caller
      hold(gradient);
      add(output, gradient);
    }
    for (const node of this.nodes.toReversed()) {
      const found = node.outputs.map((output) => gradients.get(output));
      if (found.some((gradient) => gradient !== undefined)) {
        scopes.start();
        const given = found.map((gradient, index) => gradient ?? kernels.fill(node.outputs[index]?.shape ?? [], 0));
        const results = node.backward(given, node.needs);
        scopes.end(results.filter((result) => result !== undefined));
        results.forEach((result, index) => {
          const input = node.inputs[index];
          if (!result || !input) return;
          if (node.needs[index]) add(input, result);
        });
        for (const output of node.outputs) gradients.delete(output);
        for (const gradient of found) if (gradient) drop(gradient);
      }
      for (const output of node.outputs) if (!keep.has(output)) scopes.release(output);
    }
    return gradients;
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
  /** Sees the inputs of every operation, where somebody wants to know what a piece of work reads. */
  observer: ((inputs: readonly Tensor[]) => void) | undefined;

  constructor(
    readonly kernels: Kernels,
    readonly scopes: Scopes,
  ) {}

  apply(output: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
    this.observer?.(inputs);
    this.tape?.record([output], inputs, ([gradient], needs) => backward(gradient as Tensor, needs));
    return output;
  }

  applyMany<T extends readonly Tensor[]>(outputs: T, inputs: readonly Tensor[], backward: BackwardOfMany): T {
    this.observer?.(inputs);
    this.tape?.record(outputs, inputs, backward);
    return outputs;
  }
}
