/** Code first, so that a dollar inside it stays code; then the four ways in which models write LaTeX. */
const codeOrMath =
  /(```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`)|(\$\$[\s\S]+?\$\$|\\\([\s\S]+?\\\)|\\\[[\s\S]+?\\\]|\$(?=\S)[^$\n]*[\\_^{][^$\n]*(?<=\S)\$)/g;

/**
 * LaTeX stays the text that the model wrote: Markdown would eat its backslashes and read its underscores as emphasis. Every
 * ASCII punctuation mark inside a formula is escaped, which CommonMark (section 2.4) defines as that mark, literally.
 */
export function protectMath(markdown: string): string {
  return markdown.replace(codeOrMath, (whole: string, code: string | undefined) =>
    code === undefined ? whole.replace(/[!-/:-@[-`{-~]/g, '\\$&') : whole,
  );
}
