import { defaultSplitFractions, splitFractionsSchema } from '#lib/domain/splits';
import { loraConfig } from '#lib/ml/nn/lora';
import { rewardSpec } from '#lib/ml/rewards/reward-spec';
import { tokenizeConfig } from '#lib/ml/training/tokenize-text';

const { chat, maxLength, overlong } = tokenizeConfig.shape;

/** What the command line adds to the config of every trainer. */
export const commonShape = {
  /** A low-rank adapter that is trained instead of the model; null = the whole model. */
  lora: loraConfig.nullable().default(null),
  /** Shares of the splits where neither rows nor --validation name them: by the hash of the prompt, as everywhere in the product. */
  split: splitFractionsSchema.default(defaultSplitFractions),
  chat,
  maxLength,
  overlong,
};

/** Of algorithms that write their own answers: what is not named to be of another split is trained on. */
export const rolloutShape = { ...commonShape, split: splitFractionsSchema.default({ train: 1, validation: 0, test: 0 }) };

/** Where rewards come from: one source or a list of weighted ones (lib/ml/rewards); null = the model of --reward. */
export const rewardShape = { reward: rewardSpec.nullable().default(null) };
