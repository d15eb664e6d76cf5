import { skipReasons } from '#lib/domain/assignment';
import { taskKinds } from '#lib/domain/forms';
import type { LabelingPolicy } from '#lib/domain/labeling-policy';

interface NumberControl {
  readonly control: 'number';
  /** In the policy's own unit. */
  readonly min: number;
  readonly max: number;
  /** What is shown is the policy's value times this: shares as per cent, milliseconds as seconds. */
  readonly scale: number;
  /** The policy holds whole numbers here. */
  readonly whole: boolean;
  /** May be empty: null in the policy. */
  readonly optional: boolean;
}

interface ChoiceControl {
  readonly control: 'choice';
  readonly options: readonly string[];
}

type Control = NumberControl | ChoiceControl | { readonly control: 'switch' | 'currency' | 'reasons' };

const number = (min: number, max: number, more: Partial<NumberControl> = {}): NumberControl => ({
  control: 'number',
  min,
  max,
  scale: 1,
  whole: true,
  optional: false,
  ...more,
});
const share = (min = 0, max = 1, optional = false) => number(min, max, { scale: 100, whole: false, optional });
const seconds = number(0, 3_600_000, { scale: 0.001 });

/** What can be set on the page, by its path in the policy, with what the policy takes there (test/unit/app/settings compares). */
export const fields = {
  overlap: number(1, 9),
  'adaptive.enabled': { control: 'switch' },
  'adaptive.min': number(1, 9),
  'adaptive.max': number(1, 9),
  'adaptive.settledAt': share(0.5, 0.999),
  'adaptive.by': { control: 'choice', options: ['pairs', 'order', 'best'] },
  'quota.daily': number(1, 100_000, { optional: true }),
  'quota.total': number(1, 100_000, { optional: true }),
  'pay.centsPerTask': number(0, 1_000_000, { optional: true }),
  'pay.currency': { control: 'currency' },
  'skip.reasons': { control: 'reasons' },
  'skip.setAsideAfter': number(1, 100, { optional: true }),
  blur: { control: 'choice', options: ['all', 'flagged', 'none'] },
  breakMinutes: number(5, 480, { optional: true }),
  hintAt: share(0.5, 1, true),
  'dwell.minMs.RANKING': seconds,
  'dwell.minMs.PAIRWISE': seconds,
  'dwell.minMs.RATING': seconds,
  'dwell.minMs.DEMONSTRATION': seconds,
  'dwell.minMs.CORRECTION': seconds,
  'dwell.minMs.FLAGS': seconds,
  'dwell.minMs.SPAN': seconds,
  'dwell.minMs.CHAT': seconds,
  'dwell.withinHours': number(0.1, 720, { whole: false }),
  'gold.ratingTolerance': number(0, 3),
  'training.minAgreement': share(),
  revealAfterHours: number(0, 8760, { whole: false }),
} as const satisfies Record<string, Control>;

export type FieldName = keyof typeof fields;
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export const fieldNames = Object.keys(fields) as readonly FieldName[];

/** The cards of the page, each one question. */
export const groups = [
  { name: 'overlap', fields: ['overlap', 'adaptive.enabled', 'adaptive.min', 'adaptive.max', 'adaptive.settledAt', 'adaptive.by'] },
  { name: 'pay', fields: ['quota.daily', 'quota.total', 'pay.centsPerTask', 'pay.currency'] },
  { name: 'skip', fields: ['skip.reasons', 'skip.setAsideAfter'] },
  { name: 'screen', fields: ['blur', 'breakMinutes', 'hintAt'] },
  { name: 'dwell', fields: [...taskKinds.map((kind) => `dwell.minMs.${kind}` as const), 'dwell.withinHours'] },
  { name: 'checks', fields: ['gold.ratingTolerance', 'training.minAgreement', 'revealAfterHours'] },
] as const satisfies readonly { name: string; fields: readonly FieldName[] }[];

/** What stands in a control: the text of a field, a switch, the ticked reasons. */
export type Draft = string | boolean | readonly string[];

export interface Fault {
  readonly key: 'whole' | 'range' | 'currency' | 'reasons' | 'most';
  readonly min: number;
  readonly max: number;
}

const control = (name: FieldName): Control => fields[name];

/** The policy's value at the path of a field. */
export function policyValue(policy: LabelingPolicy, name: FieldName): Json {
  let value: unknown = policy;
  for (const key of name.split('.')) value = (value as Record<string, unknown>)[key];
  return value as Json;
}

export function draftOf(policy: LabelingPolicy, name: FieldName): Draft {
  const value = policyValue(policy, name);
  const field = control(name);
  if (field.control === 'number') return value === null ? '' : String(shown(Number(value), field));
  if (field.control === 'switch') return value === true;
  return field.control === 'reasons' ? (value as readonly string[]) : String(value);
}

/** The number as a person reads it; without the rounding of binary fractions. */
function shown(value: number, { scale }: NumberControl): number {
  return Number((value * scale).toPrecision(12));
}

export function sameDraft(a: Draft, b: Draft): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return skipReasons.every((reason) => a.includes(reason) === b.includes(reason));
  return typeof a === 'string' && typeof b === 'string' ? a.trim() === b.trim() : a === b;
}

/** What the policy would hold. Only for a draft without fault. */
export function valueOfDraft(name: FieldName, draft: Draft): Json {
  const field = control(name);
  if (field.control === 'reasons') return skipReasons.filter((reason) => Array.isArray(draft) && draft.includes(reason));
  if (field.control !== 'number' || typeof draft !== 'string') return typeof draft === 'string' ? draft.trim() : (draft as boolean);
  if (draft.trim() === '') return null;
  const value = Number(draft) / field.scale;
  return field.whole ? Math.round(value) : Number(value.toPrecision(12));
}

/** What is wrong with a draft by itself; null: nothing. */
export function faultOf(name: FieldName, draft: Draft): Fault | null {
  const field = control(name);
  if (field.control === 'currency') return /^[A-Z]{3}$/.test(String(draft).trim()) ? null : fault('currency');
  if (field.control === 'reasons') return Array.isArray(draft) && draft.length > 0 ? null : fault('reasons');
  if (field.control !== 'number') return null;
  const text = String(draft).trim();
  if (text === '' && field.optional) return null;
  const value = Number(text) / field.scale;
  const fits = text !== '' && value >= field.min - 1e-9 && value <= field.max + 1e-9;
  if (fits && (!field.whole || Math.abs(value - Math.round(value)) < 1e-6)) return null;
  return { key: field.whole && field.scale === 1 ? 'whole' : 'range', min: shown(field.min, field), max: shown(field.max, field) };
}

function fault(key: Fault['key']): Fault {
  return { key, min: 0, max: 0 };
}
