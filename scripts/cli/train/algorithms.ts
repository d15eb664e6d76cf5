import type { Algorithm } from './algorithm';
import { dpo, kto } from './algorithms/direct';
import { reward } from './algorithms/reward';
import { grpo, ppo, rloo } from './algorithms/rollouts';
import { sft } from './algorithms/sft';

/** All algorithms of `plumbline train`, in the order of a pipeline. */
export const algorithms: readonly Algorithm[] = [sft, reward, ppo, dpo, kto, rloo, grpo];
