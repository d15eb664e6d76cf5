/** What a person is called where names are hidden: the same everywhere in a project, and nothing follows from it. */
export function personLabel(pseudonym: string): string {
  return `P-${pseudonym.replaceAll('-', '').slice(0, 4).toUpperCase()}`;
}
