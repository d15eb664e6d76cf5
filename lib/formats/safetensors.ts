/**
 * safetensors (huggingface.co/docs/safetensors): 8 bytes little-endian header length, a JSON header of name -> dtype, shape and byte range,
 * then the bytes. Pure: bytes in, arrays out. A large file can be read tensor by tensor: its header first, then the range of each entry.
 */
import { z } from 'zod';
import { AppError } from '#lib/errors';
import { bfloatsToFloats, floatsToBfloats, floatsToHalves, halvesToFloats } from './half-precision';

export interface TensorData {
  readonly dtype: 'F32' | 'F16' | 'BF16' | 'I32' | 'I64';
  readonly shape: readonly number[];
  /** F16 and BF16 are widened to float32 when read and rounded when written; I64 has to fit into 32 bits. */
  readonly data: Float32Array | Int32Array;
}

/** Element types that a header may name. Tensors of those that are not in TensorData can be passed over, not decoded. */
const bytesOf = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const;
const oneByte = ['F8_E4M3', 'F8_E5M2', 'F8_E8M0'];
const decodable: readonly string[] = ['F32', 'F16', 'BF16', 'I32', 'I64'] satisfies TensorData['dtype'][];

const headerEntry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());

const maximumHeaderBytes = 100_000_000;

/** Bytes at the start of a file that give the length of its header. */
export const safetensorsPrefixBytes = 8;

function bad(source: string, message: string, tensor?: string): AppError {
  const where = tensor === undefined ? source : `${source}, tensor ${tensor}`;
  return new AppError('BAD_INPUT', `${where}: ${message}.`, {
    details: tensor === undefined ? { file: source } : { file: source, tensor },
    remedy: 'Download or export the file again.',
  });
}

/** Where a tensor lies: bytes `begin` to `end` of the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The byte at which the header ends and the tensors begin. Throws BAD_INPUT naming `source`. */
export function safetensorsDataStart(prefix: Uint8Array, fileBytes: number, source: string): number {
  if (fileBytes < safetensorsPrefixBytes)
    throw bad(source, `the file has ${fileBytes} bytes; a safetensors file starts with 8 bytes of header length`);
  const headerBytes = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength).getBigUint64(0, true);
  const available = fileBytes - safetensorsPrefixBytes;
  if (headerBytes > BigInt(available) || headerBytes > BigInt(maximumHeaderBytes)) {
    throw bad(source, `the header claims ${headerBytes} bytes, but only ${available} follow: not a safetensors file, or cut off`);
  }
  return safetensorsPrefixBytes + Number(headerBytes);
}

/**
 * The entries of a header, in the order of their bytes. `header` is what lies between the prefix and `dataStart`.
 * Throws BAD_INPUT naming `source` and the tensor: cut off, overlapping, holes, unknown element type, a shape that does not fit its bytes.
 */
export function parseSafetensorsHeader(header: Uint8Array, fileBytes: number, source: string): SafetensorsEntry[] {
  const dataStart = safetensorsPrefixBytes + header.length;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch {
    throw bad(source, 'the header is not JSON');
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) throw bad(source, 'the header is not a JSON object');
  const entries = Object.entries(parsed.data)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, dataStart, fileBytes, source))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, dataStart, fileBytes, source);
  return entries;
}

function parseEntry(name: string, value: unknown, dataStart: number, fileBytes: number, source: string): SafetensorsEntry {
  const parsed = headerEntry.safeParse(value);
  if (!parsed.success) throw bad(source, 'the header entry needs dtype, shape and data_offsets', name);
  const { dtype, shape, data_offsets } = parsed.data;
  const width = Object.hasOwn(bytesOf, dtype) ? bytesOf[dtype as keyof typeof bytesOf] : oneByte.includes(dtype) ? 1 : undefined;
  if (width === undefined) throw bad(source, `the element type ${dtype} is not known`, name);
  const [from, to] = data_offsets;
  const needed = shape.reduce((product, length) => product * length, 1) * width;
  if (to - from !== needed)
    throw bad(source, `shape [${shape.join(', ')}] of ${dtype} needs ${needed} bytes, but the offsets give ${to - from}`, name);
  if (dataStart + to > fileBytes)
    throw bad(source, `its data ends at byte ${dataStart + to}, but the file has ${fileBytes}: cut off`, name);
  return { name, dtype, shape, begin: dataStart + from, end: dataStart + to };
}

function checkLayout(sorted: readonly SafetensorsEntry[], dataStart: number, fileBytes: number, source: string): void {
  let position = dataStart;
  let previous = '';
  for (const entry of sorted) {
    if (entry.begin < position) throw bad(source, `its bytes overlap those of tensor ${previous}`, entry.name);
    if (entry.begin > position) throw bad(source, `there is a hole of ${entry.begin - position} bytes before it`, entry.name);
    position = entry.end;
    previous = entry.name;
  }
  if (position !== fileBytes) throw bad(source, `${fileBytes - position} bytes at the end belong to no tensor`);
}

/**
 * The values of one entry out of its own bytes. `bytes` that fill their buffer are not copied where the element type needs no change:
 * they belong to the result then. Throws BAD_INPUT for an element type that is not computed with.
 */
export function decodeTensor(entry: SafetensorsEntry, bytes: Uint8Array, source: string): TensorData {
  if (!decodable.includes(entry.dtype))
    throw bad(source, `the element type ${entry.dtype} is not supported (${decodable.join(', ')} are)`, entry.name);
  const dtype = entry.dtype as TensorData['dtype'];
  // a part of a larger buffer need not start at a multiple of its element size
  const { buffer } = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  return { dtype, shape: entry.shape, data: decode(dtype, buffer, entry.name, source) };
}

function decode(dtype: TensorData['dtype'], buffer: ArrayBufferLike, name: string, source: string): Float32Array | Int32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'F16':
      return halvesToFloats(new Uint16Array(buffer));
    case 'BF16':
      return bfloatsToFloats(new Uint16Array(buffer));
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer), (value) => {
        if (BigInt.asIntN(32, value) !== value) throw bad(source, `the value ${value} does not fit into 32 bits`, name);
        return Number(value);
      });
  }
}

/** A whole file. Throws BAD_INPUT naming `source` and the tensor: cut off, overlapping, unknown element type, header that is none. */
export function readSafetensors(bytes: Uint8Array, source: string): Map<string, TensorData> {
  const dataStart = safetensorsDataStart(bytes.subarray(0, safetensorsPrefixBytes), bytes.length, source);
  const entries = parseSafetensorsHeader(bytes.subarray(safetensorsPrefixBytes, dataStart), bytes.length, source);
  return new Map(entries.map((entry) => [entry.name, decodeTensor(entry, new Uint8Array(bytes.subarray(entry.begin, entry.end)), source)]));
}

function encode({ dtype, data }: TensorData): Uint8Array {
  switch (dtype) {
    case 'F32':
    case 'I32':
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    case 'F16':
      return new Uint8Array(floatsToHalves(data).buffer);
    case 'BF16':
      return new Uint8Array(floatsToBfloats(data).buffer);
    case 'I64':
      return new Uint8Array(BigInt64Array.from(Array.from(data, BigInt)).buffer);
  }
}

/** Tensors that are to be written, `data` made when its turn comes. */
export type WritableTensors = ReadonlyMap<string, Pick<TensorData, 'dtype' | 'shape'> & { data(): TensorData['data'] }>;

/** A file as its size and its parts: header, then tensor by tensor in the given order. The same tensors give the same bytes. */
export function safetensorsParts(
  tensors: WritableTensors,
  metadata: Readonly<Record<string, string>> = {},
): { readonly size: number; parts(): Generator<Uint8Array> } {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let position = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const begin = position;
    position += shape.reduce((product, length) => product * length, 1) * bytesOf[dtype];
    header[name] = { dtype, shape, data_offsets: [begin, position] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // padded with spaces to a multiple of 8 bytes
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const start = new Uint8Array(safetensorsPrefixBytes + headerBytes).fill(0x20, safetensorsPrefixBytes);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerBytes), true);
  start.set(json, safetensorsPrefixBytes);
  return {
    size: start.length + position,
    *parts() {
      yield start;
      for (const [name, tensor] of tensors) {
        const data = tensor.data();
        const size = tensor.shape.reduce((product, length) => product * length, 1);
        if (size !== data.length)
          throw new AppError('INTERNAL', `Tensor ${name} has ${data.length} values for the shape [${tensor.shape.join(', ')}].`);
        yield encode({ ...tensor, data });
      }
    },
  };
}

/** The same in one piece. */
export function writeSafetensors(
  tensors: Readonly<Record<string, TensorData>> | ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries: [string, TensorData][] = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  const { parts, size } = safetensorsParts(
    new Map(entries.map(([name, tensor]) => [name, { ...tensor, data: () => tensor.data }])),
    metadata,
  );
  const out = new Uint8Array(size);
  let offset = 0;
  for (const part of parts()) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
