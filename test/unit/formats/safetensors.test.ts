import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors, type TensorData, writeSafetensors } from '#lib/formats/safetensors';

function file(header: unknown, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const oneFloat = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };

describe('safetensors', () => {
  test('reads the documented layout', () => {
    const bytes = file(
      { __metadata__: { format: 'pt' }, w: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] } },
      new Uint8Array(Float32Array.of(1.5, -2).buffer),
    );
    const tensors = readSafetensors(bytes, 'm.safetensors');
    expect([...tensors.keys()]).toEqual(['w']);
    expect(tensors.get('w')).toEqual({ dtype: 'F32', shape: [1, 2], data: Float32Array.of(1.5, -2) });
  });

  test('a Buffer out of a larger pool reads the same', () => {
    const pooled = Buffer.from(writeSafetensors({ w: { dtype: 'F32', shape: [2], data: Float32Array.of(3, 4) } }));
    expect(readSafetensors(pooled, 'm').get('w')?.data).toEqual(Float32Array.of(3, 4));
  });

  test('what is written reads back, bit for bit', () => {
    const tensor = fc
      .array(fc.float(), { maxLength: 20 })
      .map((values): TensorData => ({ dtype: 'F32', shape: [values.length], data: Float32Array.from(values) }));
    const names = fc.string({ minLength: 1 }).filter((name) => !['__metadata__', '__proto__'].includes(name));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name }), (entries) => {
        const written = writeSafetensors(new Map(entries), { format: 'pt' });
        expect(new DataView(written.buffer).getBigUint64(0, true) % 8n).toBe(0n);
        expect(readSafetensors(written, 'x')).toEqual(new Map(entries));
        expect(writeSafetensors(new Map(entries), { format: 'pt' })).toEqual(written);
      }),
    );
  });

  test('half precision: known bit patterns, rounding to even', () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0x3555);
    const read = readSafetensors(file({ h: { dtype: 'F16', shape: [7], data_offsets: [0, 14] } }, new Uint8Array(halves.buffer)), 'h').get(
      'h',
    );
    expect(Array.from(read?.data ?? [])).toEqual([1, -2, 65504, 2 ** -24, 2 ** -14, Number.POSITIVE_INFINITY, 0.333251953125]);
    const again = writeSafetensors({ h: { dtype: 'F16', shape: [7], data: read?.data as Float32Array } });
    expect(new Uint16Array(again.slice(-14).buffer)).toEqual(halves);
    const rounded = (value: number) =>
      new Uint16Array(writeSafetensors({ h: { dtype: 'F16', shape: [1], data: Float32Array.of(value) } }).slice(-2).buffer)[0];
    expect(rounded(1 + 1 / 2048)).toBe(0x3c00);
    expect(rounded(1 + 3 / 2048)).toBe(0x3c02);
    expect(rounded(1e6)).toBe(0x7c00);
  });

  test('bfloat16: widened exactly, rounded to even', () => {
    const bits = Uint16Array.of(0x3f80, 0xc040, 0x0001);
    const read = readSafetensors(file({ b: { dtype: 'BF16', shape: [3], data_offsets: [0, 6] } }, new Uint8Array(bits.buffer)), 'b').get(
      'b',
    );
    expect(Array.from(read?.data ?? []).slice(0, 2)).toEqual([1, -3]);
    const again = writeSafetensors({ b: { dtype: 'BF16', shape: [3], data: read?.data as Float32Array } });
    expect(new Uint16Array(again.slice(-6).buffer)).toEqual(bits);
    const rounded = (value: number) =>
      new Uint16Array(writeSafetensors({ b: { dtype: 'BF16', shape: [1], data: Float32Array.of(value) } }).slice(-2).buffer)[0];
    expect(rounded(1 + 2 ** -8)).toBe(0x3f80);
    expect(rounded(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(rounded(Number.NaN)).toBe(0x7fc0);
  });

  test('64-bit integers have to fit', () => {
    const bytes = (value: bigint) =>
      file({ i: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, new Uint8Array(BigInt64Array.of(value).buffer));
    expect(readSafetensors(bytes(-5n), 'i').get('i')?.data).toEqual(Int32Array.of(-5));
    expect(() => readSafetensors(bytes(2n ** 40n), 'i')).toThrow(/tensor i: the value 1099511627776 does not fit/);
  });

  test.each([
    ['an empty file', new Uint8Array(0), /the file has 0 bytes/],
    ['a header longer than the file', file('{', new Uint8Array(0)).fill(0xff, 0, 2), /header claims .* not a safetensors file, or cut off/],
    ['a header that is not JSON', file('{no', new Uint8Array(0)), /the header is not JSON/],
    ['an unknown element type', file({ w: { ...oneFloat, dtype: 'X9' } }, new Uint8Array(4)), /tensor w: the element type X9 is not known/],
    [
      'an element type that is not computed with',
      file({ w: { ...oneFloat, shape: [4], dtype: 'F8_E4M3' } }, new Uint8Array(4)),
      /tensor w: the element type F8_E4M3 is not supported/,
    ],
    ['an entry without offsets', file({ w: { dtype: 'F32', shape: [1] } }, new Uint8Array(4)), /tensor w: the header entry needs/],
    [
      'a shape that does not fit',
      file({ w: { ...oneFloat, shape: [3] } }, new Uint8Array(4)),
      /tensor w: shape \[3\] of F32 needs 12 bytes/,
    ],
    ['a truncated file', file({ w: oneFloat }, new Uint8Array(3)), /tensor w: its data ends at byte .* cut off/],
    ['overlapping tensors', file({ a: oneFloat, b: oneFloat }, new Uint8Array(4)), /tensor b: its bytes overlap those of tensor a/],
    [
      'a hole',
      file({ a: oneFloat, b: { ...oneFloat, data_offsets: [8, 12] } }, new Uint8Array(12)),
      /tensor b: there is a hole of 4 bytes/,
    ],
    ['bytes left over', file({ a: oneFloat }, new Uint8Array(6)), /2 bytes at the end belong to no tensor/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, 'folder/model.safetensors')).toThrow(message);
    expect(() => readSafetensors(bytes, 'folder/model.safetensors')).toThrow(/^folder\/model\.safetensors/);
  });
});
