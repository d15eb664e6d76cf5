import type { AnnotationContent } from '#lib/domain/annotation-content';
import type { Line } from './line';
import type { Press } from './press';

/** How one of two answers stands to the other: -3 (the first is much better) to 3 (the second is), or both are bad. */
export type Choice = -3 | -2 | -1 | 0 | 1 | 2 | 3 | 'bad';

/** What a form allows of a choice between two. */
export interface ChoiceForm {
  readonly strength: boolean;
  readonly tie: boolean;
  readonly bothBad: boolean;
}

/** The choices on the scale, as the answers lie: the first one's side first. Without strength, better is better: 1 of 3. */
export function scaleChoices({ strength, tie }: ChoiceForm): Choice[] {
  const scale: Choice[] = strength ? [-3, -2, -1, 0, 1, 2, 3] : [-1, 0, 1];
  return tie ? scale : scale.filter((choice) => choice !== 0);
}

/** The digit of a choice: 1 to 7 along the scale of strengths (4 is the middle, also where there is none), 0 for both bad. */
export function choiceDigit(form: ChoiceForm, choice: Choice): number {
  if (choice === 'bad') return 0;
  return form.strength ? choice + 4 : scaleChoices(form).indexOf(choice) + 1;
}

export function choiceOfPress(form: ChoiceForm, press: Press): Choice | null {
  if (press.type !== 'digit') return null;
  if (press.digit === 0) return form.bothBad ? 'bad' : null;
  return scaleChoices(form).find((choice) => choiceDigit(form, choice) === press.digit) ?? null;
}

/** What a choice says of the first and the second id. */
export function choiceContent(form: ChoiceForm, choice: Choice, first: string, second: string): AnnotationContent {
  if (choice === 'bad') return { ranks: { [first]: 1, [second]: 1 }, aside: [], bothBad: true };
  if (choice === 0) return { ranks: { [first]: 1, [second]: 1 }, aside: [] };
  const ranks = choice < 0 ? { [first]: 1, [second]: 2 } : { [first]: 2, [second]: 1 };
  return { ranks, aside: [], ...(form.strength && { strength: Math.abs(choice) }) };
}

/** The choice that a content says, or null where it says none of these two. */
export function choiceOfContent(
  form: ChoiceForm,
  { ranks, strength, bothBad }: AnnotationContent,
  first: string,
  second: string,
): Choice | null {
  const [a, b] = [ranks?.[first], ranks?.[second]];
  if (bothBad) return form.bothBad ? 'bad' : null;
  if (a === undefined || b === undefined) return null;
  if (a === b) return form.tie ? 0 : null;
  const much = form.strength ? (strength ?? 1) : 1;
  return readChoice(form, a < b ? -much : much);
}

/** A choice read back from a draft; null where the form does not have it. */
export function readChoice(form: ChoiceForm, value: unknown): Choice | null {
  if (value === 'bad') return form.bothBad ? 'bad' : null;
  return scaleChoices(form).find((choice) => choice === value) ?? null;
}

export function choiceLine(form: ChoiceForm, choice: Choice): Line {
  if (choice === 'bad') return { key: 'annotate.choice.bad' };
  if (choice === 0) return { key: 'annotate.choice.tie' };
  const names = { name: [choice < 0 ? 0 : 1] };
  const size = form.strength ? Math.abs(choice) : 2;
  return { key: size === 1 ? 'annotate.choice.slightly' : size === 2 ? 'annotate.choice.better' : 'annotate.choice.much', names };
}
