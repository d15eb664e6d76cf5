/**
 * safetensors (huggingface.co/docs/safetensors): 8 bytes little-endian header length, a JSON header of name -> dtype, shape and byte range,
 * then the bytes. Pure: bytes in, arrays out.
 */
import { z } from 'zod';
import { AppError } from '#lib/errors';

export interface TensorData {
  readonly dtype: 'F32' | 'F16' | 'BF16' | 'I32' | 'I64';
  readonly shape: readonly number[];
  /** F16 and BF16 are widened to float32 when read and rounded when written; I64 has to fit into 32 bits. */
  readonly data: Float32Array | Int32Array;
}

const bytesOf: Readonly<Record<TensorData['dtype'], number>> = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 };

const headerEntry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});
const headerSchema = z.record(z.string(), z.unknown());

const maximumHeaderBytes = 100_000_000;

function bad(source: string, message: string, tensor?: string): AppError {
  const where = tensor === undefined ? source : `${source}, tensor ${tensor}`;
  return new AppError('BAD_INPUT', `${where}: ${message}.`, {
    details: tensor === undefined ? { file: source } : { file: source, tensor },
    remedy: 'Download or export the file again.',
  });
}

function isDtype(name: string): name is TensorData['dtype'] {
  return name in bytesOf;
}

interface Entry {
  readonly name: string;
  readonly dtype: TensorData['dtype'];
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parseHeader(bytes: Uint8Array, source: string): { entries: Entry[]; dataStart: number } {
  if (bytes.length < 8) throw bad(source, `the file has ${bytes.length} bytes; a safetensors file starts with 8 bytes of header length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  const available = BigInt(bytes.length - 8);
  if (headerBytes > available || headerBytes > BigInt(maximumHeaderBytes)) {
    throw bad(source, `the header claims ${headerBytes} bytes, but only ${available} follow: not a safetensors file, or cut off`);
  }
  const dataStart = 8 + Number(headerBytes);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart)));
  } catch {
    throw bad(source, 'the header is not JSON');
  }
  const header = headerSchema.safeParse(json);
  if (!header.success) throw bad(source, 'the header is not a JSON object');
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header.data)) {
    if (name === '__metadata__') continue;
    const entry = headerEntry.safeParse(value);
    if (!entry.success) throw bad(source, 'the header entry needs dtype, shape and data_offsets', name);
    const { dtype, shape, data_offsets } = entry.data;
    if (!isDtype(dtype)) throw bad(source, `the element type ${dtype} is not supported (${Object.keys(bytesOf).join(', ')} are)`, name);
    const [begin, end] = data_offsets;
    const needed = shape.reduce((product, length) => product * length, 1) * bytesOf[dtype];
    if (end - begin !== needed)
      throw bad(source, `shape [${shape.join(', ')}] of ${dtype} needs ${needed} bytes, but the offsets give ${end - begin}`, name);
    if (dataStart + end > bytes.length)
      throw bad(source, `its data ends at byte ${dataStart + end}, but the file has ${bytes.length}: cut off`, name);
    entries.push({ name, dtype, shape, begin, end });
  }
  return { entries, dataStart };
}

function checkLayout(entries: readonly Entry[], dataBytes: number, source: string): void {
  let position = 0;
  let previous = '';
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin < position) throw bad(source, `its bytes overlap those of tensor ${previous}`, entry.name);
    if (entry.begin > position) throw bad(source, `there is a hole of ${entry.begin - position} bytes before it`, entry.name);
    position = entry.end;
    previous = entry.name;
  }
  if (position !== dataBytes) throw bad(source, `${dataBytes - position} bytes at the end belong to no tensor`);
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function decode(entry: Entry, data: Uint8Array, source: string): Float32Array | Int32Array {
  // a copy (`slice` of a Buffer is none), so that the array starts at a multiple of its element size
  const { buffer } = new Uint8Array(data);
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    case 'BF16': {
      const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer), (value) => {
        if (BigInt.asIntN(32, value) !== value) throw bad(source, `the value ${value} does not fit into 32 bits`, entry.name);
        return Number(value);
      });
  }
}

/** Throws BAD_INPUT naming `source` and the tensor: cut off, overlapping, unknown element type, header that is none. */
export function readSafetensors(bytes: Uint8Array, source: string): Map<string, TensorData> {
  const { entries, dataStart } = parseHeader(bytes, source);
  checkLayout(entries, bytes.length - dataStart, source);
  return new Map(
    entries.map((entry) => {
      const data = decode(entry, bytes.subarray(dataStart + entry.begin, dataStart + entry.end), source);
      return [entry.name, { dtype: entry.dtype, shape: entry.shape, data }];
    }),
  );
}

const floatBits = new Float32Array(1);
const floatView = new Uint32Array(floatBits.buffer);

/** Round to nearest, ties to even; NaN stays NaN. */
function floatToBfloat(value: number): number {
  floatBits[0] = value;
  const bits = floatView[0] ?? 0;
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.min(15, Math.floor(Math.log2(size)));
  const exact = 2 ** exponent > size ? exponent - 1 : exponent;
  // a fraction that rounds up to 1024 carries into the exponent, as it should
  return sign | (((exact + 15) << 10) + roundToEven((size / 2 ** exact - 1) * 1024));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function encode({ dtype, data }: TensorData): Uint8Array {
  switch (dtype) {
    case 'F32':
    case 'I32':
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    case 'F16':
      return new Uint8Array(Uint16Array.from(data, floatToHalf).buffer);
    case 'BF16':
      return new Uint8Array(Uint16Array.from(data, floatToBfloat).buffer);
    case 'I64':
      return new Uint8Array(BigInt64Array.from(Array.from(data, BigInt)).buffer);
  }
}

/** Tensors in the given order, the header padded with spaces to a multiple of 8 bytes. The same tensors give the same bytes. */
export function writeSafetensors(
  tensors: Readonly<Record<string, TensorData>> | ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries: [string, TensorData][] = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let position = 0;
  const parts = entries.map(([name, tensor]) => {
    const size = tensor.shape.reduce((product, length) => product * length, 1);
    if (size !== tensor.data.length)
      throw new AppError('INTERNAL', `Tensor ${name} has ${tensor.data.length} values for the shape [${tensor.shape.join(', ')}].`);
    const bytes = encode(tensor);
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [position, position + bytes.length] };
    position += bytes.length;
    return bytes;
  });
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + headerBytes + position).fill(0x20, 8, 8 + headerBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.set(json, 8);
  let offset = 8 + headerBytes;
  for (const bytes of parts) {
    out.set(bytes, offset);
    offset += bytes.length;
  }
  return out;
}
