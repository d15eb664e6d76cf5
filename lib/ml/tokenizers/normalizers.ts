import { z } from 'zod';
import { type AlignedText, type Edit, editMatches } from './aligned-text';
import { byteLevelText } from './byte-alphabet';
import { compilePattern, type Refuse } from './pattern';
import { parsePrecompiledMap } from './precompiled-map';

/** Rewrites a text before it is cut into words. */
export type Normalizer = (text: AlignedText) => AlignedText;

const named = z.looseObject({ type: z.string() });
const schemas = {
  Replace: z.looseObject({ pattern: z.unknown(), content: z.string() }),
  Prepend: z.looseObject({ prepend: z.string() }),
  Strip: z.looseObject({ strip_left: z.boolean().default(true), strip_right: z.boolean().default(true) }),
  Precompiled: z.looseObject({ precompiled_charsmap: z.string().nullable() }),
  BertNormalizer: z.looseObject({
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullable().default(null),
    lowercase: z.boolean().default(true),
  }),
  Sequence: z.looseObject({ normalizers: z.array(z.unknown()) }),
};

/**
 * Text that normalises by itself: a character and the marks after it, or a whole Hangul syllable written in parts. Nothing outside of
 * such a run reorders or composes with it.
 */
const normalizedAlone = /[\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3]?[\u1160-\u11ff\ud7b0-\ud7fb]+\p{M}*|[\s\S][\p{M}\uff9e\uff9f]*/gu;

function unicodeForm(form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): Normalizer {
  return (text) => {
    const whole = text.text.normalize(form);
    if (whole === text.text) return text;
    const replaced = text.replace(editMatches(text.text, normalizedAlone, (run) => run.normalize(form)));
    // what a later Unicode version composes across such a run: the whole text is then one range
    return replaced.text === whole ? replaced : text.replace([{ from: 0, to: text.text.length, text: whole }]);
  };
}

const isIdeograph =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

const edit =
  (pattern: RegExp, replacement: (match: string) => string): Normalizer =>
  (text) =>
    text.replace(editMatches(text.text, pattern, replacement));

const lowercase = edit(/[A-Z\u0080-\u{10ffff}]/gu, (character) => character.toLowerCase());

function strip(left: boolean, right: boolean): Normalizer {
  const space = /^\p{White_Space}$/u;
  return (text) => {
    let from = 0;
    let to = text.text.length;
    while (left && from < to && space.test(text.text.charAt(from))) from += 1;
    while (right && to > from && space.test(text.text.charAt(to - 1))) to -= 1;
    return text.slice(from, to);
  };
}

function bert(settings: z.infer<typeof schemas.BertNormalizer>): Normalizer {
  const steps: Normalizer[] = [];
  if (settings.clean_text) {
    const control = /^[\ufffd\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;
    const cleaned = (found: string) => (control.test(found) && !/[\t\n\r]/.test(found) ? '' : ' ');
    steps.push(edit(/[\ufffd\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{White_Space}]/gu, cleaned));
  }
  if (settings.handle_chinese_chars) steps.push(edit(isIdeograph, (character) => ` ${character} `));
  if (settings.strip_accents ?? settings.lowercase)
    steps.push(
      unicodeForm('NFD'),
      edit(/\p{Mn}/gu, () => ''),
    );
  if (settings.lowercase) steps.push(lowercase);
  return (text) => steps.reduce((current, step) => step(current), text);
}

const oddBlank = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/u;

/** Rules of SentencePiece's `nmt` normalisation: odd blanks become a blank, control characters go but for NUL and most of C1. */
const nmt = edit(/[\p{Cc}\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/gu, (character) => {
  const code = character.charCodeAt(0);
  if (oddBlank.test(character)) return ' ';
  return code === 0 || (code >= 0x80 && code !== 0x8f && code !== 0x9f) ? character : '';
});

/** As Hugging Face runs SentencePiece's map: first a whole grapheme of less than 6 bytes, else its characters one by one. */
function precompiled(base64: string, refuse: Refuse): Normalizer {
  const map = parsePrecompiledMap(Buffer.from(base64, 'base64'), refuse);
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
  return (text) => {
    const edits: Edit[] = [];
    const add = (from: number, found: string) => {
      const mapped = map(found);
      if (mapped === undefined) return false;
      if (mapped !== found) edits.push({ from, to: from + found.length, text: mapped });
      return true;
    };
    for (const { segment, index } of graphemes.segment(text.text)) {
      if (Buffer.byteLength(segment) < 6 && add(index, segment)) continue;
      let at = index;
      for (const character of segment) {
        add(at, character);
        at += character.length;
      }
    }
    return text.replace(edits);
  };
}

/** @throws what `refuse` makes, where the kind is unknown or a setting is not as expected */
export function buildNormalizer(written: unknown, refuse: Refuse): Normalizer {
  if (written === null || written === undefined) return (text) => text;
  const type = named.safeParse(written).data?.type;
  const settings = <T>(schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(written);
    if (parsed.success) return parsed.data;
    throw refuse(`the normalizer ${type} has no usable ${parsed.error.issues[0]?.path.join('.')}`);
  };
  switch (type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return unicodeForm(type);
    case 'Lowercase':
      return lowercase;
    case 'StripAccents':
      return edit(/\p{M}/gu, () => '');
    case 'Nmt':
      return nmt;
    case 'ByteLevel':
      return byteLevelText;
    case 'Replace': {
      const { pattern, content } = settings(schemas.Replace);
      return edit(compilePattern(pattern, refuse), () => content);
    }
    case 'Prepend': {
      const { prepend } = settings(schemas.Prepend);
      return (text) => (text.text === '' ? text : text.replace([{ from: 0, to: 0, text: prepend }]));
    }
    case 'Strip': {
      const { strip_left: left, strip_right: right } = settings(schemas.Strip);
      return strip(left, right);
    }
    case 'BertNormalizer':
      return bert(settings(schemas.BertNormalizer));
    case 'Precompiled': {
      const map = settings(schemas.Precompiled).precompiled_charsmap;
      return map === null || map === '' ? (text) => text : precompiled(map, refuse);
    }
    case 'Sequence': {
      const steps = settings(schemas.Sequence).normalizers.map((step) => buildNormalizer(step, refuse));
      return (text) => steps.reduce((current, step) => step(current), text);
    }
    default:
      throw refuse(`the normalizer is ${JSON.stringify(type)}, which is not known`);
  }
}
