import type { Refuse } from './pattern';

/**
 * The normalisation that SentencePiece puts into its models (`precompiled_charsmap`): uint32 size of a double array, the array, then
 * zero-ended UTF-8 replacements. The array is Darts-clone's: bits 0 to 7 and 31 the label, 8 has-leaf, 9 and 10 up the offset.
 */
export function parsePrecompiledMap(bytes: Uint8Array, refuse: Refuse): (text: string) => string | undefined {
  const broken = () => refuse('its precompiled character map is cut off or broken');
  if (bytes.length < 4) throw broken();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(0, true);
  if (size % 4 !== 0 || 4 + size > bytes.length) throw broken();
  const units = Uint32Array.from({ length: size / 4 }, (_, index) => view.getUint32(4 + index * 4, true));
  const replacements = bytes.subarray(4 + size);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  const known = new Map<string, string | undefined>();

  /** The replacement of the shortest prefix that has one, as Hugging Face reads the map. */
  const lookUp = (text: string): string | undefined => {
    let position = offsetOf(units[0] ?? 0);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) return undefined;
      position ^= byte;
      const unit = units[position] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      position ^= offsetOf(unit);
      if ((unit & 0x100) === 0) continue;
      const start = (units[position] ?? 0) & 0x7fffffff;
      const end = replacements.indexOf(0, start);
      return decoder.decode(replacements.subarray(start, end < 0 ? replacements.length : end));
    }
    return undefined;
  };
  return (text) => {
    if (known.has(text)) return known.get(text);
    const found = lookUp(text);
    if (known.size < 65_536) known.set(text, found);
    return found;
  };
}
