import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extractZip } from '../../../../scripts/tensorflow/zip.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zip-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly name: string;
  readonly content: string;
  readonly packed?: boolean;
}

/** A zip archive as other programs write it: local headers, contents, directory, end. */
function zip(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, packed } of entries) {
    const raw = Buffer.from(content);
    const data = packed ? deflateRawSync(raw) : raw;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(packed ? 8 : 0, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(raw.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, rest, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06'), end]);
}

const text = 'a library '.repeat(50_000);
const archive = () => join(folder, 'archive.whl');

describe('a zip archive', () => {
  test('gives what is asked for, packed or not, and nothing else', async () => {
    const entries = [
      { name: 'lib/', content: '' },
      { name: 'lib/packed.so', content: text, packed: true },
      { name: 'plain.txt', content: 'plain' },
      { name: 'empty', content: '' },
      { name: 'left/out', content: 'x' },
    ];
    writeFileSync(archive(), zip(entries));
    const taken = await extractZip(archive(), (name) => (name === 'left/out' ? undefined : join(folder, 'out', name)));
    expect(taken).toEqual(['lib/packed.so', 'plain.txt', 'empty']);
    expect(readFileSync(join(folder, 'out', 'lib', 'packed.so'), 'utf8')).toBe(text);
    expect(readFileSync(join(folder, 'out', 'plain.txt'), 'utf8')).toBe('plain');
    expect(readFileSync(join(folder, 'out', 'empty'), 'utf8')).toBe('');
  });

  test('that is damaged, cut off or none is named', async () => {
    const whole = zip([{ name: 'plain.txt', content: 'plain text' }]);
    const damaged = Buffer.from(whole);
    damaged[45] = 0x21;
    writeFileSync(archive(), damaged);
    await expect(extractZip(archive(), () => join(folder, 'x'))).rejects.toThrow('plain.txt in the archive is damaged');
    writeFileSync(archive(), whole.subarray(0, 40));
    await expect(extractZip(archive(), () => join(folder, 'x'))).rejects.toThrow('not a zip archive');
  });

  test('cannot write outside', async () => {
    writeFileSync(archive(), zip([{ name: 'nvidia/x/lib/../../../../evil.so', content: 'x' }]));
    await expect(extractZip(archive(), (name) => join(folder, 'out', name))).rejects.toThrow('leads out of it');
  });
});
