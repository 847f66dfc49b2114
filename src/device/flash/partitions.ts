/**
 * ESP-IDF partition tables in binary: 32-byte entries (magic AA 50, type, subtype, offset, size, name, flags), an entry
 * EB EB FF… with the MD5 of those before it, then FF to 3072 bytes. Source: ESP-IDF, "Partition Tables", and its
 * gen_esp32part.py, to whose output this writer's is equal byte for byte.
 */
import { TinyLMError } from '../../model/errors.js';
import { md5 } from './md5.js';

/** Where the table lies in flash by default. */
export const PARTITION_TABLE_OFFSET = 0x8000;
/** Bytes of a table. */
export const PARTITION_TABLE_BYTES = 0xc00;
/** Flash set aside for it. */
const TABLE_SECTOR = 0x1000;

/** The partition that holds the model: `model, 0x40, 0x00`. */
export const MODEL_PARTITION = { name: 'model', type: 0x40, subtype: 0 } as const;

export interface Partition {
  /** at most 15 bytes */
  name: string;
  /** 0 app, 1 data, 0x40 … 0xFE custom */
  type: number;
  subtype: number;
  /** bytes from the start of flash */
  offset: number;
  bytes: number;
  /** bit 0 encrypted, bit 1 read-only */
  flags: number;
}

const FIRMWARE_FIRST = "flash TinyLM's firmware first: tinylm flash --build <folder>, or idf.py flash";

const hex = (v: number): string => '0x' + v.toString(16);

/** Reads a table. @throws TinyLMError `partition-table` when there is none, or it is damaged */
export function readPartitionTable(data: Uint8Array): Partition[] {
  const bad = (what: string): TinyLMError =>
    new TinyLMError(
      'partition-table',
      `no valid partition table: ${what}`,
      `${FIRMWARE_FIRST}, or on an ESP32-C3 tinylm flash --direct-boot`,
    );
  const v = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const partitions: Partition[] = [];
  for (let at = 0; at + 32 <= data.length; at += 32) {
    const magic = v.getUint16(at, true);
    if (magic === 0xffff) break;
    if (magic === 0xebeb) {
      const found = data.subarray(at + 16, at + 32);
      const expected = md5(data.subarray(0, at));
      if (!expected.every((b, i) => b === found[i])) throw bad('its checksum does not match its entries');
      continue;
    }
    if (magic !== 0x50aa) {
      throw bad(`entry ${at / 32} begins with ${hex(magic)}; expected ${hex(0x50aa)}`);
    }
    const end = data.indexOf(0, at + 12);
    partitions.push({
      name: new TextDecoder().decode(data.subarray(at + 12, Math.min(end < 0 ? at + 28 : end, at + 28))),
      type: data[at + 2],
      subtype: data[at + 3],
      offset: v.getUint32(at + 4, true),
      bytes: v.getUint32(at + 8, true),
      flags: v.getUint32(at + 28, true),
    });
  }
  if (partitions.length === 0) throw bad('the flash there is empty');
  return partitions;
}

/** Writes a table of {@link PARTITION_TABLE_BYTES}. @throws TinyLMError `partition-table` for what cannot be */
export function writePartitionTable(partitions: readonly Partition[]): Uint8Array {
  checkPartitions(partitions);
  const data = new Uint8Array(PARTITION_TABLE_BYTES).fill(0xff);
  const v = new DataView(data.buffer);
  partitions.forEach((p, i) => {
    const at = 32 * i;
    v.setUint16(at, 0x50aa, true);
    data[at + 2] = p.type;
    data[at + 3] = p.subtype;
    v.setUint32(at + 4, p.offset, true);
    v.setUint32(at + 8, p.bytes, true);
    data.fill(0, at + 12, at + 28);
    data.set(new TextEncoder().encode(p.name), at + 12);
    v.setUint32(at + 28, p.flags, true);
  });
  const end = 32 * partitions.length;
  v.setUint16(end, 0xebeb, true);
  data.set(md5(data.subarray(0, end)), end + 16);
  return data;
}

function checkPartitions(partitions: readonly Partition[]): void {
  const bad = (what: string): TinyLMError => new TinyLMError('partition-table', what, 'correct the partition list');
  if (32 * (partitions.length + 1) >= PARTITION_TABLE_BYTES) {
    throw bad(`${partitions.length} partitions; a table holds at most ${PARTITION_TABLE_BYTES / 32 - 2}`);
  }
  const names = new Set<string>();
  let end = PARTITION_TABLE_OFFSET + TABLE_SECTOR;
  for (const p of [...partitions].sort((a, b) => a.offset - b.offset)) {
    const align = p.type === 0 ? 0x10000 : 0x1000;
    if (new TextEncoder().encode(p.name).length > 15) throw bad(`the name ${p.name} is longer than 15 bytes`);
    if (names.has(p.name)) throw bad(`two partitions are called ${p.name}`);
    if (p.offset % align !== 0) throw bad(`${p.name} is at ${hex(p.offset)}; expected a multiple of ${hex(align)}`);
    if (p.offset < end) throw bad(`${p.name} is at ${hex(p.offset)}, but what is before it ends at ${hex(end)}`);
    names.add(p.name);
    end = p.offset + p.bytes;
  }
}

const TYPES: Readonly<Record<string, number>> = { app: 0, data: 1 };
const SUBTYPES: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  0: { factory: 0, test: 0x20, ...Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`ota_${i}`, 0x10 + i])) },
  1: {
    ota: 0,
    phy: 1,
    nvs: 2,
    coredump: 3,
    nvs_keys: 4,
    efuse: 5,
    undefined: 6,
    fat: 0x81,
    spiffs: 0x82,
    littlefs: 0x83,
  },
};

/** Numbers as partitions.csv writes them: decimal, 0x…, with K or M. */
function parseNumber(text: string, line: string): number {
  const m = /^(0x[0-9a-f]+|\d+)([km]?)$/i.exec(text);
  if (!m) {
    throw new TinyLMError('partition-csv', `not a number: ${text} (in: ${line})`, 'expected e.g. 4096, 0x1000, 4K, 1M');
  }
  return Number(m[1]) * ({ k: 1024, m: 1 << 20 }[m[2].toLowerCase()] ?? 1);
}

/**
 * Reads a partitions.csv (name, type, subtype, offset, size, flags). Empty offsets follow the partition before, at the
 * next multiple of 64 KB for apps and 4 KB for the rest.
 */
export function parsePartitionCsv(text: string): Partition[] {
  const partitions: Partition[] = [];
  let end = PARTITION_TABLE_OFFSET + TABLE_SECTOR;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [name, type, subtype, offset, size, flags] = [...line.split(',').map((f) => f.trim()), '', '', '', '', ''];
    const typeNumber = TYPES[type] ?? parseNumber(type, line);
    const align = typeNumber === 0 ? 0x10000 : 0x1000;
    const at = offset === '' ? Math.ceil(end / align) * align : parseNumber(offset, line);
    partitions.push({
      name,
      type: typeNumber,
      subtype: subtype === '' ? 6 : (SUBTYPES[typeNumber]?.[subtype] ?? parseNumber(subtype, line)),
      offset: at,
      bytes: parseNumber(size, line),
      flags: flags.split(':').reduce((f, word) => f | (word === 'encrypted' ? 1 : word === 'readonly' ? 2 : 0), 0),
    });
    end = at + partitions[partitions.length - 1].bytes;
  }
  return partitions;
}

/** The model partition of a table. @throws TinyLMError `no-model-partition` */
export function findModelPartition(partitions: readonly Partition[]): Partition {
  const found = partitions.find((p) => p.type === MODEL_PARTITION.type && p.name === MODEL_PARTITION.name);
  if (found) return found;
  throw new TinyLMError(
    'no-model-partition',
    `the device has no partition called model of type ${hex(0x40)}; it has ` +
      partitions.map((p) => `${p.name} (${hex(p.type)})`).join(', '),
    FIRMWARE_FIRST,
  );
}

/** Where the last partition ends, in bytes from the start of flash. */
export const endOfPartitions = (partitions: readonly Partition[]): number =>
  partitions.reduce((end, p) => Math.max(end, p.offset + p.bytes), 0);

/** @throws TinyLMError `model-too-large`, with both numbers, when `bytes` do not fit */
export function checkFits(bytes: number, partition: Partition): void {
  if (bytes <= partition.bytes) return;
  throw new TinyLMError(
    'model-too-large',
    `the model has ${bytes} bytes, but the partition ${partition.name} holds ` + `${partition.bytes}`,
    'train a smaller model, or give the partition more room in partitions.csv and flash the firmware again',
  );
}
