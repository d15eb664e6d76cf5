/** IEEE 754 half precision (F16) and bfloat16 (BF16), to float32 exactly and back to the nearest, ties to even. */

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function halvesToFloats(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  for (let index = 0; index < halves.length; index += 1) floats[index] = halfToFloat(halves[index] as number);
  return floats;
}

export function bfloatsToFloats(bfloats: Uint16Array): Float32Array {
  const bits = new Uint32Array(bfloats.length);
  for (let index = 0; index < bfloats.length; index += 1) bits[index] = (bfloats[index] as number) << 16;
  return new Float32Array(bits.buffer);
}

const floatBits = new Float32Array(1);
const floatView = new Uint32Array(floatBits.buffer);

/** NaN stays NaN. */
function floatToBfloat(value: number): number {
  floatBits[0] = value;
  const bits = floatView[0] ?? 0;
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
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

export function floatsToHalves(floats: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(floats, floatToHalf);
}

export function floatsToBfloats(floats: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(floats, floatToBfloat);
}
