/** Display name of an answer: A, B, C ... in display order. */
export function answerName(answer: number): string {
  return String.fromCharCode(65 + answer);
}
