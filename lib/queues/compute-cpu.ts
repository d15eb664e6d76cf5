import { runPayload } from './compute';
import { defineQueue } from './define-queue';

/** Generation, training and evaluation on the processor; one job at a time on a machine. */
export const computeCpu = defineQueue({ name: 'compute-cpu', payload: runPayload });
