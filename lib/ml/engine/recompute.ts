import type { Tensor } from './engine';
import { type Recorder, Tape } from './tape';

/**
 * Runs `work` without keeping what it makes and runs it again when its gradient is wanted (Chen et al. 2016, "Training deep nets with
 * sublinear memory cost"). What it reads besides `inputs` (parameters) gets gradients too.
 */
export function recompute(recorder: Recorder, inputs: readonly Tensor[], work: (...inputs: readonly Tensor[]) => Tensor): Tensor {
  const { kernels, scopes, tape: outer } = recorder;
  if (!outer) return work(...inputs);
  const before = recorder.observer;
  const read = new Set<Tensor>();
  scopes.start();
  let output: Tensor | undefined;
  try {
    recorder.tape = undefined;
    recorder.observer = (found) => {
      before?.(found);
      for (const tensor of found) if (outer.tracks(tensor)) read.add(tensor);
    };
    const made = work(...inputs);
    output = outer.tracks(made) || inputs.includes(made) ? recorder.apply(kernels.unary('identity', made), [made], (dy) => [dy]) : made;
  } finally {
    recorder.tape = outer;
    recorder.observer = before;
    scopes.end(output ? [output] : []);
  }
  const sources = [...read];
  outer.record([output], sources, ([gradient], needs) => {
    const dy = gradient as Tensor;
    const tape = new Tape();
    sources.forEach((source, index) => {
      if (needs[index]) tape.watch(source);
    });
    recorder.tape = tape;
    let again: Tensor;
    try {
      // a recorded graph would otherwise find that both computations are equal, and keep the first
      again = kernels.after(dy, () => work(...inputs));
    } finally {
      recorder.tape = undefined;
    }
    const gradients = tape.backward([[again, dy]], new Set(), kernels, scopes);
    return sources.map((source) => gradients.get(source));
  });
  return output;
}
