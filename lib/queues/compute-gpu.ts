import { runPayload } from './compute';
import { defineQueue } from './define-queue';

/** Generation, training and evaluation on a graphics card; one job at a time on a card. */
export const computeGpu = defineQueue({ name: 'compute-gpu', payload: runPayload });
