/** Ids of the 256 pieces `<0x00>` to `<0xFF>` that stand for bytes, where a vocabulary has all of them. */
export function bytePieces(vocabulary: ReadonlyMap<string, number>): readonly number[] | undefined {
  const ids = Array.from({ length: 256 }, (_, byte) => vocabulary.get(bytePiece(byte)));
  return ids.every((id) => id !== undefined) ? ids : undefined;
}

function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** -1 where the piece stands for no byte. */
export function byteOfPiece(piece: string): number {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : -1;
}
