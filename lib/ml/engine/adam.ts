import { AppError } from '#lib/errors';
import type { AdamConfig, AdamState, Engine, Parameter, Parameters, Tensor } from './engine';
import type { Kernels, Variable } from './kernels';
import type { Scopes } from './scopes';
import { sizeOf } from './shapes';

function variableOf(parameter: Parameter): Variable {
  if ('variable' in parameter) return parameter.variable as Variable;
  throw new AppError('INTERNAL', `Parameter ${parameter.name} was not made by this engine.`);
}

/** Moments of zeros, one pair a parameter. */
export function adamState(engine: Engine, parameters: Parameters): AdamState {
  const zeros = (suffix: string) =>
    new Map(
      [...parameters].map(([name, { shape }]) => [name, engine.parameter(`${name}.${suffix}`, shape, new Float32Array(sizeOf(shape)))]),
    );
  const first = zeros('first');
  const second = zeros('second');
  return {
    step: 0,
    first,
    second,
    dispose() {
      for (const moment of [...first.values(), ...second.values()]) moment.dispose();
    },
  };
}

export function adam(
  kernels: Kernels,
  scopes: Scopes,
  parameters: Parameters,
  gradients: ReadonlyMap<string, Tensor>,
  state: AdamState,
  config: AdamConfig,
): void {
  state.step += 1;
  const updates = [...parameters].map(([name, parameter]) => {
    const gradient = gradients.get(name);
    const first = state.first.get(name);
    const second = state.second.get(name);
    if (!gradient || !first || !second) throw new AppError('INTERNAL', `There is no gradient or no moment of ${name}.`);
    return {
      value: variableOf(parameter),
      first: variableOf(first),
      second: variableOf(second),
      gradient,
      decays: parameter.shape.length >= 2,
    };
  });
  const { beta1, beta2, epsilon, learningRate, weightDecay } = config;
  kernels.adam(updates, { beta1, beta2, epsilon, learningRate, decay: learningRate * weightDecay, step: state.step });
  for (const gradient of new Set(gradients.values())) scopes.release(gradient);
}

/** Sum of g^2 / 2 over all gradients: one graph instead of a call and a read for each. */
function halfSquaresOf(kernels: Kernels, scopes: Scopes, gradients: readonly Tensor[]): number {
  const total = kernels.region(
    true,
    () => gradients.map((gradient) => kernels.halfSquares(gradient)).reduce((sum, half) => kernels.binary('add', sum, half)),
    (sum) => [sum],
  );
  const [value = Number.NaN] = kernels.read(total);
  scopes.release(total);
  return value;
}

/** The same one by one, in doubles. Throws INVARIANT naming the first gradient that is not finite. */
function checkedHalfSquares(kernels: Kernels, scopes: Scopes, gradients: ReadonlyMap<string, Tensor>): number {
  let squares = 0;
  for (const [name, gradient] of gradients) {
    scopes.start();
    const [half = Number.NaN] = kernels.read(kernels.halfSquares(gradient));
    scopes.end([]);
    if (!Number.isFinite(half)) {
      throw new AppError('INVARIANT', `The gradient of ${name} is not finite.`, {
        details: { check: 'finite-gradients', tensor: name },
        remedy: 'Lower the learning rate, or resume from an earlier checkpoint.',
      });
    }
    squares += half;
  }
  return squares;
}

/** g * min(1, maxNorm / |g|) over all gradients together (Pascanu et al. 2013). The given gradients are spent where they are scaled. */
export function clipByGlobalNorm(kernels: Kernels, scopes: Scopes, gradients: ReadonlyMap<string, Tensor>, maxNorm: number) {
  if (gradients.size === 0) return { clipped: gradients, norm: 0 };
  const half = halfSquaresOf(kernels, scopes, [...gradients.values()]);
  const norm = Math.sqrt(2 * (Number.isFinite(half) ? half : checkedHalfSquares(kernels, scopes, gradients)));
  if (norm <= maxNorm) return { clipped: gradients, norm };
  const factor = kernels.upload(Float32Array.of(maxNorm / norm), []);
  const clipped = new Map<string, Tensor>();
  for (const [name, gradient] of gradients) {
    clipped.set(name, kernels.binary('mul', gradient, factor));
    scopes.release(gradient);
  }
  scopes.release(factor);
  return { clipped, norm };
}
