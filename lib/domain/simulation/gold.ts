/**
 * Hidden gold: what a simulated annotator judges answers by and what the loop is measured with. No trainer ever sees it.
 *
 * It rewards what a reader of short children's stories might: warm words (each counted once, saturating), a trouble that is
 * overcome, talk, sentences that begin differently, a length that suits, an ending that is not cut off; and takes away for
 * repetition, for dwelling on trouble and for piling up warm words. So it is monotone neither in the length nor in the count of any
 * one word: more of the same first helps and then hurts.
 */

const warmWords: ReadonlySet<string> = new Set(
  (
    'happy happily glad joy love loved loves loving friend friends friendly smile smiled smiling smiles hug hugged hugs kind kindly laugh laughed laughing ' +
    'fun play played playing plays share shared sharing thank thanked thanks proud nice together help helped helping good best better ' +
    'beautiful pretty gentle warm safe brave sing sang danced dance party gift excited wonderful special cozy'
  ).split(' '),
);

const troubleWords: ReadonlySet<string> = new Set(
  (
    'sad sadly cry cried crying cries scared scary afraid angry mad mean hurt lost bad broke broken sorry worried upset fight fell ' +
    'cold dark alone lonely hard wrong sick monster'
  ).split(' '),
);

/** The parts of a gold score, in points; `total` is their sum. */
interface GoldParts {
  readonly warmth: number;
  readonly trouble: number;
  readonly turn: number;
  readonly crowding: number;
  readonly repetition: number;
  readonly length: number;
  readonly ending: number;
  readonly talk: number;
  readonly variety: number;
  readonly total: number;
}

export interface Gold {
  readonly name: string;
  /** What it values, in words: shown beside every number it gives. */
  describe(): string;
  parts(answer: string): GoldParts;
  score(answer: string): number;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g) ?? [];
}

/** Share of word pairs that already stood earlier in the text. */
function repeatedShare(words: readonly string[]): number {
  if (words.length < 2) return 0;
  const seen = new Set<string>();
  let repeated = 0;
  for (let index = 1; index < words.length; index += 1) {
    const pair = `${words[index - 1]} ${words[index]}`;
    if (seen.has(pair)) repeated += 1;
    seen.add(pair);
  }
  return repeated / (words.length - 1);
}

/** Words that a suited answer has: the peak of the length bump. */
const suitedLength = 20;

function warmStoryParts(answer: string): GoldParts {
  const words = wordsOf(answer);
  const warm = words.filter((word) => warmWords.has(word));
  const distinctWarm = new Set(warm).size;
  const troubles = words.filter((word) => troubleWords.has(word)).length;
  const firstTrouble = words.findIndex((word) => troubleWords.has(word));
  const lastWarm = words.findLastIndex((word) => warmWords.has(word));
  const sentences = answer
    .split(/[.!?]+["']?\s/)
    .map((sentence) => wordsOf(sentence)[0])
    .filter((first) => first !== undefined);
  const parts = {
    warmth: 2 * (1 - Math.exp(-distinctWarm / 2.5)),
    trouble: -0.4 * Math.min(Math.max(troubles - 1, 0), 4),
    turn: firstTrouble >= 0 && lastWarm > firstTrouble ? 0.4 : 0,
    crowding: words.length === 0 ? 0 : -4 * Math.max(warm.length / words.length - 0.25, 0),
    repetition: -3 * repeatedShare(words),
    length: 0.8 * Math.exp(-(((words.length - suitedLength) / 10) ** 2)),
    ending: /[.!?]["']?\s*$/.test(answer) ? 0.4 : 0,
    talk: /"[^"]+[.,!?]"/.test(answer) ? 0.3 : 0,
    variety: sentences.length < 2 ? 0 : 0.4 * (new Set(sentences).size / sentences.length),
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}

export const warmStoryGold: Gold = {
  name: 'warm-story',
  describe: () =>
    'Distinct warm words (saturating), a trouble that is overcome, talk, sentences that begin differently, about ' +
    `${suitedLength} words, an ending that is not cut off; less for repeated word pairs, for dwelling on trouble and for crowding warm words.`,
  parts: warmStoryParts,
  score: (answer) => warmStoryParts(answer).total,
};
