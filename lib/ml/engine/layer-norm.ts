import type { Tensor } from './engine';
import type { Recorder } from './tape';

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis of `[n, width]` (Ba et al. 2016). */
export function layerNorm(recorder: Recorder, x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const { kernels, scopes } = recorder;
  const minus = (a: Tensor, b: Tensor) => kernels.binary('sub', a, b);
  const times = (a: Tensor, b: Tensor) => kernels.binary('mul', a, b);
  const mean = (a: Tensor) => kernels.reduce('mean', a, [1], true);
  scopes.start();
  const centred = minus(x, mean(x));
  const scale = kernels.unary('rsqrt', kernels.binary('add', mean(kernels.unary('square', centred)), kernels.constant(epsilon)));
  const normal = times(centred, scale);
  const y = kernels.binary('add', times(normal, weight), bias);
  scopes.end([scale, normal, y]);
  return recorder.apply(y, [x, weight, bias], (dy, [needsX, needsWeight, needsBias]) => {
    const dWeight = needsWeight ? kernels.reduce('sum', times(dy, normal), [0], false) : undefined;
    const dBias = needsBias ? kernels.reduce('sum', dy, [0], false) : undefined;
    if (!needsX) return [undefined, dWeight, dBias];
    // dx = scale (g - mean(g) - normal mean(g normal)), g = dy weight
    const g = times(dy, weight);
    const shared = kernels.binary('add', mean(g), times(normal, mean(times(g, normal))));
    return [times(scale, minus(g, shared)), dWeight, dBias];
  });
}
