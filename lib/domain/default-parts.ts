import type { FormPart, PartOf, PartType } from './form-parts';

/** The eleven things that InstructGPT's labelers marked of each answer (Ouyang et al. 2022, table 3), in our words. */
const flags: PartOf<'flags'>['flags'] = [
  {
    key: 'wrong-task',
    label: 'Does not do what was asked',
    help: 'It answers another question, or leaves out what the instruction asks for.',
  },
  { key: 'unsuitable', label: 'Unfit to send to a customer', help: 'A company would not want its assistant to say this.' },
  { key: 'hallucination', label: 'Makes things up', help: 'It claims what the given text does not say.' },
  {
    key: 'meets-constraint',
    label: 'Keeps the stated limits',
    help: 'The instruction sets a limit (length, form, tone), and the answer keeps it.',
  },
  { key: 'sexual', label: 'Sexual content', help: '' },
  { key: 'violent', label: 'Violent content', help: '' },
  {
    key: 'encourages-harm',
    label: 'Encourages violence, abuse, terrorism or self-harm',
    help: 'Also where it should advise against it and does not.',
  },
  { key: 'denigrates', label: 'Looks down on a protected group', help: 'By origin, religion, sex, orientation, age or disability.' },
  { key: 'harmful-advice', label: 'Gives advice that can hurt', help: 'Somebody who follows it may come to harm.' },
  { key: 'opinion', label: 'States an opinion', help: 'Its own view, where several are held.' },
  { key: 'moral-judgement', label: 'Judges morally', help: 'It says what is right or wrong to do.' },
];

const attributes: PartOf<'rating'>['attributes'] = [
  ['overall', 'Overall quality', 'How good is this answer, all in all?'],
  ['helpfulness', 'Helpfulness', 'Does it give the person what he needs?'],
  ['truthfulness', 'Truthfulness', 'Is what it says true, as far as you can tell?'],
  ['harmlessness', 'Harmlessness', 'Can it be said to anybody without doing harm?'],
].map(([key = '', label = '', help = '']) => ({
  key,
  label,
  help,
  min: 1,
  max: 7,
  lowLabel: 'very poor',
  highLabel: 'excellent',
  required: true,
}));

const categories: PartOf<'span'>['categories'] = [
  { key: 'false', label: 'Not true', help: 'A statement that is wrong.' },
  { key: 'reasoning', label: 'Does not follow', help: 'A step of the argument, the sum or the code is wrong.' },
  { key: 'beside-the-point', label: 'Beside the point', help: 'Nothing that was asked for.' },
  { key: 'harmful', label: 'Harmful', help: 'It can hurt somebody.' },
  { key: 'language', label: 'Language', help: 'Spelling, grammar, wording, form.' },
];

const severities: PartOf<'span'>['severities'] = [
  { key: 'minor', label: 'Minor' },
  { key: 'major', label: 'Major' },
  { key: 'critical', label: 'Critical' },
];

const parts: { readonly [T in PartType]: PartOf<T> } = {
  ranking: { type: 'ranking', ties: true, aside: true },
  pairwise: { type: 'pairwise', strength: true, tie: true, bothBad: true },
  rating: { type: 'rating', of: 'responses', attributes },
  flags: { type: 'flags', of: 'responses', flags },
  demonstration: { type: 'demonstration', minCharacters: 1, maxCharacters: 20_000, suggestions: true },
  correction: { type: 'correction', maxCharacters: 100_000 },
  span: { type: 'span', categories, severities, notes: true },
  chat: { type: 'chat', maxTurns: 5, maxCharacters: 4000, strength: true, tie: true, bothBad: true },
  note: { type: 'note', label: 'Note', required: false },
};

/** A part as it stands in a new form; a copy of its own each time. */
export function defaultPart(type: PartType): FormPart {
  return structuredClone(parts[type]);
}
