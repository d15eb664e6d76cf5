export interface StalePart {
  readonly name: 'programs' | 'pages';
  /** From here on the part counts as not built. */
  begin(): void;
  /** Remembers what the part was made from. */
  done(): void;
}
export const programs: Readonly<Record<string, string>>;
export function staleParts(root: string, options?: { only?: string | undefined; force?: boolean }): StalePart[];
