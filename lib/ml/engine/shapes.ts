import { AppError } from '#lib/errors';
import type { Tensor } from './engine';
import type { Kernels, Reduction } from './kernels';
import type { Recorder } from './tape';

/** Number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Sums the axes over which `shape` was broadcast: the gradient of broadcasting. */
export function unbroadcast(kernels: Kernels, gradient: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < extra || (shape[axis - extra] === 1 && gradient.shape[axis] !== 1));
  const summed = axes.length > 0 ? kernels.reduce('sum', gradient, axes, false) : gradient;
  return sameShape(summed.shape, shape) ? summed : kernels.reshape(summed, shape);
}

/** Sum, mean or maximum over one axis (negative counts from the end) or over all. */
export function reduce(recorder: Recorder, op: Reduction, a: Tensor, axis: number | undefined, keepDims: boolean): Tensor {
  const { kernels } = recorder;
  const rank = a.shape.length;
  const axes = axis === undefined ? a.shape.map((_, index) => index) : [axis < 0 ? axis + rank : axis];
  const y = kernels.reduce(op, a, axes, keepDims);
  const keptShape = a.shape.map((length, index) => (axes.includes(index) ? 1 : length));
  return recorder.apply(y, [a], (dy) => {
    const dyKept = kernels.reshape(dy, keptShape);
    if (op === 'max') {
      // several maxima share the gradient equally
      const winners = kernels.binary('equal', a, kernels.reshape(y, keptShape));
      return [kernels.binary('mul', winners, kernels.binary('div', dyKept, kernels.reduce('sum', winners, axes, true)))];
    }
    if (op === 'sum') return [kernels.broadcastTo(dyKept, a.shape)];
    const count = sizeOf(a.shape) / sizeOf(keptShape);
    return [kernels.broadcastTo(kernels.binary('mul', dyKept, kernels.constant(1 / count)), a.shape)];
  });
}

export function reshape(recorder: Recorder, a: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== sizeOf(a.shape)) {
    throw new AppError('INTERNAL', `Cannot reshape [${a.shape.join(', ')}] to [${shape.join(', ')}].`);
  }
  const { kernels } = recorder;
  return recorder.apply(kernels.reshape(a, shape), [a], (dy) => [kernels.reshape(dy, a.shape)]);
}

export function transpose(recorder: Recorder, a: Tensor, permutation: readonly number[]): Tensor {
  const { kernels } = recorder;
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return recorder.apply(kernels.transpose(a, permutation), [a], (dy) => [kernels.transpose(dy, inverse)]);
}

export function concat(recorder: Recorder, tensors: readonly Tensor[], axis: number): Tensor {
  const { kernels } = recorder;
  return recorder.apply(kernels.concat(tensors, axis), tensors, (dy, needs) => {
    let offset = 0;
    return tensors.map((tensor, index) => {
      const begin = dy.shape.map((_, at) => (at === axis ? offset : 0));
      offset += tensor.shape[axis] ?? 0;
      return needs[index] ? kernels.slice(dy, begin, tensor.shape) : undefined;
    });
  });
}

export function slice(recorder: Recorder, a: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  const { kernels } = recorder;
  return recorder.apply(kernels.slice(a, begin, size), [a], (dy) => {
    const paddings = a.shape.map((length, axis): [number, number] => {
      const before = begin[axis] ?? 0;
      return [before, length - before - (size[axis] ?? 0)];
    });
    return [kernels.pad(dy, paddings)];
  });
}

/** Parts of `a` along `axis`, one after the other; the gradient is the parts' gradients joined again, without padding. */
export function split(recorder: Recorder, a: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  const { kernels } = recorder;
  let offset = 0;
  const parts = sizes.map((length) => {
    const begin = a.shape.map((_, at) => (at === axis ? offset : 0));
    offset += length;
    return kernels.slice(
      a,
      begin,
      a.shape.map((whole, at) => (at === axis ? length : whole)),
    );
  });
  if (offset !== a.shape[axis]) throw new AppError('INTERNAL', `Parts of ${sizes.join(' + ')} do not make up ${a.shape[axis]}.`);
  return recorder.applyMany(parts, [a], (gradients) => [kernels.concat(gradients, axis)]);
}
