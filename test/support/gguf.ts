/** Reads the metadata of a GGUF file (little-endian, versions 2 and 3): enough for files that hold only a vocabulary. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

const stringType = 8;
const arrayType = 9;

export function readGgufMetadata(bytes: Uint8Array): Map<string, GgufValue> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let position = 0;
  const take = (size: number) => {
    position += size;
    return position - size;
  };
  const long = () => Number(view.getBigUint64(take(8), true));
  const string = () => {
    const length = long();
    const start = take(length);
    return decoder.decode(bytes.subarray(start, start + length));
  };
  const scalars: Readonly<Record<number, () => GgufValue>> = {
    0: () => view.getUint8(take(1)),
    1: () => view.getInt8(take(1)),
    2: () => view.getUint16(take(2), true),
    3: () => view.getInt16(take(2), true),
    4: () => view.getUint32(take(4), true),
    5: () => view.getInt32(take(4), true),
    6: () => view.getFloat32(take(4), true),
    7: () => view.getUint8(take(1)) !== 0,
    [stringType]: string,
    10: () => view.getBigUint64(take(8), true),
    11: () => view.getBigInt64(take(8), true),
    12: () => view.getFloat64(take(8), true),
  };
  const value = (type: number): GgufValue => {
    if (type === arrayType) {
      const inner = view.getUint32(take(4), true);
      return Array.from({ length: long() }, () => value(inner));
    }
    const read = scalars[type];
    if (!read) throw new Error(`unknown GGUF value type ${type}`);
    return read();
  };
  if (decoder.decode(bytes.subarray(0, 4)) !== 'GGUF') throw new Error('not a GGUF file');
  take(8);
  long(); // tensors: these files hold none
  const pairs = long();
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < pairs; index += 1) {
    const key = string();
    metadata.set(key, value(view.getUint32(take(4), true)));
  }
  return metadata;
}
