import { AppError } from '#lib/errors';
import type { AdamState, Engine, Parameters, Tensor } from '#lib/ml/engine/engine';

export interface UpdateConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global L2 norm of the gradient (Pascanu et al. 2013). */
  readonly maxGradientNorm: number;
}

/** The loss of a part of a batch, already divided by the total weight of the whole batch, and what is to be known of its forward pass. */
type Microbatch = () => { readonly loss: Tensor; readonly aux?: Readonly<Record<string, Tensor>> };
type Aux = Readonly<Record<string, Float32Array>>;

export interface UpdateReport {
  /** Before the update. */
  readonly loss: number;
  /** Global norm before it was clipped; 0 where nothing was applied. */
  readonly gradientNorm: number;
  readonly applied: boolean;
  /** By microbatch. */
  readonly aux: readonly Aux[];
}

export interface Updater {
  readonly adam: AdamState;
  /**
   * One update on all microbatches together: gradients add up on the device, so that it makes no difference how a batch is cut but for rounding.
   * `accept` sees the forward pass before anything is changed and may refuse or throw. Throws INVARIANT naming the check and what is not
   * finite; then nothing was changed.
   */
  step(
    microbatches: readonly Microbatch[],
    at: { readonly learningRate: number; readonly step: number; readonly accept?: (aux: readonly Aux[], loss: number) => boolean },
  ): UpdateReport;
}

type Gradients = ReadonlyMap<string, Tensor>;

/** Adds gradients on the device; both are spent. */
function accumulate(engine: Engine, before: Gradients | undefined, more: Gradients): Gradients {
  if (!before) return more;
  const all = new Map<string, Tensor>();
  for (const [name, gradient] of more) {
    const first = before.get(name) as Tensor;
    all.set(
      name,
      engine.tidy(() => engine.add(first, gradient)),
    );
    engine.dispose([first, gradient]);
  }
  return all;
}

/** Copies: the engine may own the memory behind what it reads. */
function readAux(engine: Engine, aux: Readonly<Record<string, Tensor>>): Aux {
  const values = Object.entries(aux).map(([name, tensor]) => [name, Float32Array.from(engine.read(tensor))] as const);
  engine.dispose(Object.values(aux));
  return Object.fromEntries(values);
}

/**
 * The one place where gradients become an update: accumulated, checked, clipped, AdamW (Loshchilov and Hutter 2019). `name` is what messages call the
 * model. The moments stay the caller's. Each combination of shapes is recorded as one graph.
 */
export function createUpdater(options: {
  readonly engine: Engine;
  readonly name: string;
  readonly parameters: Parameters;
  readonly adam: AdamState;
  readonly config: UpdateConfig;
  /** As one graph for each combination of shapes: the default. */
  readonly recorded?: boolean;
}): Updater {
  const { adam, engine, name, parameters, recorded = true } = options;
  const { beta1, beta2, epsilon, maxGradientNorm, weightDecay } = options.config;

  const gradientsOf = (microbatches: readonly Microbatch[]) => {
    const aux: Aux[] = [];
    let gradients: Gradients | undefined;
    let loss = 0;
    for (const microbatch of microbatches) {
      const part = engine.gradients(parameters, microbatch, { recorded });
      gradients = accumulate(engine, gradients, part.gradients);
      aux.push(readAux(engine, part.aux));
      loss += part.loss;
    }
    return { aux, gradients: gradients as Gradients, loss };
  };

  return {
    adam,
    step(microbatches, { accept, learningRate, step }) {
      if (microbatches.length === 0) throw new AppError('INTERNAL', 'An update needs a batch.');
      const { aux, gradients, loss } = gradientsOf(microbatches);
      try {
        if (!Number.isFinite(loss)) {
          throw new AppError('INVARIANT', `The ${name} loss is ${loss} at step ${step}.`, {
            details: { check: 'finite-loss', model: name, step },
            remedy: 'Resume from the last checkpoint with a lower learning rate.',
          });
        }
        if (accept?.(aux, loss) === false) {
          engine.dispose([...gradients.values()]);
          return { loss, gradientNorm: 0, applied: false, aux };
        }
      } catch (error) {
        engine.dispose([...gradients.values()]);
        throw error;
      }
      const { clipped, norm } = engine.clipByGlobalNorm(gradients, maxGradientNorm);
      engine.adam(parameters, clipped, adam, { beta1, beta2, epsilon, learningRate, weightDecay });
      return { loss, gradientNorm: norm, applied: true, aux };
    },
  };
}
