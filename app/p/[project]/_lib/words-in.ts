/** Each word once, in the order in which they were written; commas of both languages part them. */
export function wordsIn(text: string): string[] {
  const words = text.split(/[,，、\n]/).map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ''))];
}
