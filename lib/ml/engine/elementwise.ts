import type { Tensor } from './engine';
import type { BinaryOp, Kernels, UnaryOp } from './kernels';
import { unbroadcast } from './shapes';
import type { Backward, Recorder } from './tape';

type Operand = Tensor | number;

function operand(kernels: Kernels, value: Operand): Tensor {
  return typeof value === 'number' ? kernels.constant(value) : value;
}

/** Derivatives of z = op(a, b) with respect to a and b, before the sum over broadcast axes. */
function partials(kernels: Kernels, op: BinaryOp, a: Tensor, b: Tensor): [(dz: Tensor) => Tensor, (dz: Tensor) => Tensor] {
  const times = (x: Tensor, y: Tensor) => kernels.binary('mul', x, y);
  switch (op) {
    case 'add':
      return [(dz) => dz, (dz) => dz];
    case 'sub':
      return [(dz) => dz, (dz) => kernels.unary('neg', dz)];
    case 'mul':
      return [(dz) => times(dz, b), (dz) => times(dz, a)];
    case 'div':
      // d(a/b)/db = -a/b^2
      return [
        (dz) => kernels.binary('div', dz, b),
        (dz) => kernels.unary('neg', kernels.binary('div', times(dz, a), kernels.unary('square', b))),
      ];
    // at a tie the whole gradient goes to a
    case 'maximum':
      return [(dz) => times(dz, kernels.binary('greaterEqual', a, b)), (dz) => times(dz, kernels.binary('less', a, b))];
    case 'minimum':
      return [(dz) => times(dz, kernels.binary('greaterEqual', b, a)), (dz) => times(dz, kernels.binary('less', b, a))];
    default:
      return [(dz) => times(dz, kernels.constant(0)), (dz) => times(dz, kernels.constant(0))];
  }
}

export function binary(recorder: Recorder, op: BinaryOp, left: Operand, right: Operand): Tensor {
  const { kernels } = recorder;
  const a = operand(kernels, left);
  const b = operand(kernels, right);
  const z = kernels.binary(op, a, b);
  return recorder.apply(z, [a, b], (dz, [needsA, needsB]) => {
    const [da, db] = partials(kernels, op, a, b);
    return [needsA ? unbroadcast(kernels, da(dz), a.shape) : undefined, needsB ? unbroadcast(kernels, db(dz), b.shape) : undefined];
  });
}

export function unary(recorder: Recorder, op: UnaryOp, a: Tensor): Tensor {
  const { kernels } = recorder;
  const y = kernels.unary(op, a);
  const times = (x: Tensor, z: Tensor) => kernels.binary('mul', x, z);
  const backward: Backward = (dy) => {
    switch (op) {
      case 'neg':
        return [kernels.unary('neg', dy)];
      case 'exp':
        return [times(dy, y)];
      case 'log':
        return [kernels.binary('div', dy, a)];
      case 'square':
        return [times(dy, times(a, kernels.constant(2)))];
      case 'rsqrt':
        // d(a^-1/2)/da = -1/2 y^3
        return [times(times(dy, kernels.constant(-0.5)), times(y, kernels.unary('square', y)))];
      case 'sigmoid':
        return [times(dy, times(y, kernels.binary('sub', kernels.constant(1), y)))];
      case 'softplus':
        return [times(dy, kernels.unary('sigmoid', a))];
      case 'tanh':
        return [times(dy, kernels.binary('sub', kernels.constant(1), kernels.unary('square', y)))];
      case 'erf':
        // 2 / sqrt(pi) exp(-a^2)
        return [
          times(
            times(dy, kernels.constant(2 / Math.sqrt(Math.PI))),
            kernels.unary('exp', kernels.unary('neg', kernels.unary('square', a))),
          ),
        ];
      case 'identity':
        return [dy];
      default:
        return op satisfies never;
    }
  };
  return recorder.apply(y, [a], backward);
}

/** min(max(a, low), high); the gradient passes on both edges. */
export function clip(recorder: Recorder, a: Tensor, low: number, high: number): Tensor {
  const { kernels } = recorder;
  const lowest = kernels.constant(low);
  const highest = kernels.constant(high);
  const raised = kernels.binary('maximum', a, lowest);
  const y = kernels.binary('minimum', raised, highest);
  recorder.scopes.release(raised);
  return recorder.apply(y, [a], (dy) => {
    const inside = kernels.binary('mul', kernels.binary('greaterEqual', a, lowest), kernels.binary('greaterEqual', highest, a));
    return [kernels.binary('mul', dy, inside)];
  });
}

/** log sigmoid(a) = -softplus(-a), finite for every finite a. */
export function logSigmoid(recorder: Recorder, a: Tensor): Tensor {
  const { kernels } = recorder;
  const negative = kernels.unary('neg', a);
  const soft = kernels.unary('softplus', negative);
  const y = kernels.unary('neg', soft);
  recorder.scopes.release(negative);
  recorder.scopes.release(soft);
  return recorder.apply(y, [a], (dy) => [kernels.binary('mul', dy, kernels.unary('sigmoid', kernels.unary('neg', a)))]);
}

/** silu(gate) * up, silu(x) = x sigmoid(x) (Shazeer 2020, SwiGLU). */
export function swiGlu(recorder: Recorder, gate: Tensor, up: Tensor): Tensor {
  const { kernels } = recorder;
  const times = (x: Tensor, y: Tensor) => kernels.binary('mul', x, y);
  const gated = kernels.unary('sigmoid', gate);
  const silu = times(gate, gated);
  const y = times(silu, up);
  return recorder.apply(y, [gate, up], (dy, [needsGate, needsUp]) => {
    // silu'(x) = s + x s (1 - s)
    const slope = () => kernels.binary('add', gated, kernels.sigmoidGradient(gated, gate));
    return [needsGate ? times(times(dy, up), slope()) : undefined, needsUp ? times(dy, silu) : undefined];
  });
}

/**
 * Gaussian error linear unit (Hendrycks and Gimpel 2016): x Phi(x), or with Phi(x) = (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
 * Only x and Phi are kept for the backward pass.
 */
export function gelu(recorder: Recorder, x: Tensor, form: 'erf' | 'tanh'): Tensor {
  const { kernels, scopes } = recorder;
  const times = (a: Tensor, b: Tensor | number) => kernels.binary('mul', a, operand(kernels, b));
  const plus = (a: Tensor, b: Tensor | number) => kernels.binary('add', a, operand(kernels, b));
  const cubic = 0.044715;
  const slopeAtZero = Math.sqrt(2 / Math.PI);
  const square = () => kernels.unary('square', x);
  scopes.start();
  const bent =
    form === 'erf'
      ? kernels.unary('erf', times(x, Math.SQRT1_2))
      : kernels.unary('tanh', times(x, plus(times(square(), slopeAtZero * cubic), slopeAtZero)));
  const share = plus(times(bent, 0.5), 0.5);
  const y = times(x, share);
  scopes.end([share, y]);
  return recorder.apply(y, [x], (dy) => {
    // y' = Phi + x Phi'; Phi' = exp(-x^2 / 2) / sqrt(2 pi), or 2 Phi (1 - Phi) times the derivative of what tanh is taken of
    const density =
      form === 'erf'
        ? times(kernels.unary('exp', times(square(), -0.5)), 1 / Math.sqrt(2 * Math.PI))
        : times(
            times(share, kernels.binary('sub', kernels.constant(1), share)),
            plus(times(square(), 6 * slopeAtZero * cubic), 2 * slopeAtZero),
          );
    return [times(dy, plus(share, times(x, density)))];
  });
}
