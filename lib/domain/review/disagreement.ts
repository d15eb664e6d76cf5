import type { AnnotationContent } from '#lib/domain/annotation-content';
import { compareAnswers } from '#lib/domain/quality/compare-answers';

/**
 * How far people disagree on one task, 0 to 1: 1 - the mean agreement over all pairs of its labels, each pair taken both ways. Ratings agree
 * where they are equal. Null with fewer than two labels, or where nothing can be compared (free text).
 */
export function taskDisagreement(contents: readonly AnnotationContent[]): number | null {
  let sum = 0;
  let pairs = 0;
  contents.forEach((first, index) => {
    for (const second of contents.slice(index + 1)) {
      const one = compareAnswers(first, second, { ratingTolerance: 0 });
      const other = compareAnswers(second, first, { ratingTolerance: 0 });
      if (one === null || other === null) continue;
      sum += (one.agreement + other.agreement) / 2;
      pairs += 1;
    }
  });
  return pairs === 0 ? null : 1 - sum / pairs;
}
