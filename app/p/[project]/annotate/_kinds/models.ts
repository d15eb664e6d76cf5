import type { PartType } from '#lib/domain/form-parts';
import type { PartModel } from '../_state/part-model';
import { chatModel } from './chat/answer';
import { correctionModel } from './correction/answer';
import { demonstrationModel } from './demonstration/answer';
import { flagsModel } from './flags/answer';
import { noteModel } from './note/answer';
import { pairwiseModel } from './pairwise/answer';
import { rankingModel } from './ranking/answer';
import { ratingModel } from './rating/answer';
import { spanModel } from './span/answer';

/** Each knows its own part, state and actions; here they only have to be the same kind of thing. */
type AnyModel = PartModel<unknown, unknown, unknown>;

/** Every part of a form that this page can show: pure code, loaded with the page; the views come when their kind does. */
const models: { readonly [T in PartType]?: AnyModel } = {
  ranking: rankingModel,
  pairwise: pairwiseModel,
  rating: ratingModel,
  flags: flagsModel,
  note: noteModel,
  demonstration: demonstrationModel,
  correction: correctionModel,
  span: spanModel,
  chat: chatModel,
};

export function modelOf(type: PartType): AnyModel {
  const model = models[type];
  if (model === undefined) throw new Error(`This page has no part "${type}"`);
  return model;
}
