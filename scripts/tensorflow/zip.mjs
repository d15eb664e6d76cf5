/** Takes single files out of a zip archive (a wheel is one) without reading the rest. Formats: APPNOTE.TXT 6.3.10, sections 4.3 and 4.4. */
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crcMeter() {
  let crc = 0xffffffff;
  const stream = new Transform({
    transform(chunk, _encoding, done) {
      for (let index = 0; index < chunk.length; index += 1) crc = (crc >>> 8) ^ table[(crc ^ chunk[index]) & 0xff];
      done(null, chunk);
    },
  });
  return { stream, value: () => (crc ^ 0xffffffff) >>> 0 };
}

async function readAt(handle, position, length) {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  if (bytesRead < length) throw new Error('the archive is cut off');
  return buffer;
}

/** @returns {Promise<{ name: string, method: number, crc: number, packed: number, size: number, at: number }[]>} */
async function readDirectory(handle) {
  const { size } = await handle.stat();
  const tail = await readAt(handle, Math.max(0, size - 65_557), Math.min(size, 65_557));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== endOfDirectory) end -= 1;
  if (end < 0) throw new Error('the file is not a zip archive');
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const start = tail.readUInt32LE(end + 16);
  if (start === 0xffffffff || count === 0xffff) throw new Error('archives of more than 4 GB (zip64) are not read');
  const directory = await readAt(handle, start, length);
  const entries = [];
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > length || directory.readUInt32LE(at) !== directoryEntry) throw new Error('the directory of the archive is damaged');
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      at: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function extractEntry(archive, handle, entry, target) {
  const header = await readAt(handle, entry.at, 30);
  if (header.readUInt32LE(0) !== localHeader) throw new Error(`the archive is damaged at ${entry.name}`);
  const start = entry.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  mkdirSync(dirname(target), { recursive: true });
  const meter = crcMeter();
  const source =
    entry.packed === 0
      ? (async function* nothing() {})()
      : createReadStream(archive, { start, end: start + entry.packed - 1, highWaterMark: 1 << 20 });
  if (entry.method !== 0 && entry.method !== 8) throw new Error(`${entry.name} is packed in a way (${entry.method}) that is not read`);
  const steps = entry.method === 8 ? [createInflateRaw({ chunkSize: 1 << 20 })] : [];
  await pipeline(source, ...steps, meter.stream, createWriteStream(target));
  if (meter.value() !== entry.crc) throw new Error(`${entry.name} in the archive is damaged`);
}

/**
 * @param {string} archive
 * @param {(name: string) => string | undefined} targetOf where an entry goes; undefined leaves it out
 * @returns {Promise<string[]>} the names of what was taken out
 */
export async function extractZip(archive, targetOf) {
  const handle = await open(archive);
  try {
    const taken = [];
    for (const entry of await readDirectory(handle)) {
      if (entry.name.split('/').includes('..')) throw new Error(`the archive has a name that leads out of it: ${entry.name}`);
      const target = entry.name.endsWith('/') ? undefined : targetOf(entry.name);
      if (target === undefined) continue;
      await extractEntry(archive, handle, entry, target);
      taken.push(entry.name);
    }
    return taken;
  } finally {
    await handle.close();
  }
}
