import type { ComparableContent } from './compare-answers';

/** One annotation that counts, as the quality report reads it. */
export interface QualityLabel {
  readonly taskId: string;
  readonly annotator: string;
  readonly kind: string;
  readonly content: ComparableContent;
  readonly displayOrder: readonly string[];
  readonly activeMs: number;
  readonly guideline: number;
  readonly formVersionId: string;
  readonly at: Date;
}

/** One check of an annotation against a known answer, or against the person's own earlier one. */
export interface QualityCheck {
  readonly annotator: string;
  readonly purpose: 'GOLD' | 'REPEAT';
  readonly agreement: number;
  readonly passed: boolean;
  readonly guideline: number;
  readonly at: Date;
}

/** What a form asks for beside comparisons: keys of its ratings, flags and marks. */
export interface AskedParts {
  readonly ratings: readonly { readonly key: string; readonly label: string }[];
  readonly flags: readonly { readonly key: string; readonly label: string }[];
  readonly marks: readonly { readonly key: string; readonly label: string }[];
}

export interface QualityData {
  readonly labels: readonly QualityLabel[];
  readonly checks: readonly QualityCheck[];
  /** By form version. */
  readonly forms: ReadonlyMap<string, AskedParts>;
  /** Characters of each response. */
  readonly lengths: ReadonlyMap<string, number>;
  /** Below this an answer was sent faster than it can be read, by kind. */
  readonly minMs: Readonly<Record<string, number>>;
}

/** The ranks in the order in which the answers were shown; null: set aside. */
export function shownRanks({ content, displayOrder }: QualityLabel): (number | null)[] {
  return displayOrder.map((id) => content.ranks?.[id] ?? null);
}

/** Draws for an interval: many labels take long to draw and vary little. */
export function resamplesOf(labels: number): number {
  return Math.max(200, Math.min(500, Math.round(5_000_000 / Math.max(1, labels))));
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const known = groups.get(key(item));
    if (known) known.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
