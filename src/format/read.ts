/** Reading a `.tlm` of any version (SPEC.md 1): nothing is accepted unchecked; the order is that of the C engine's `tlm_open`. */
import { crc32, refuse } from './bytes.js';
import { FILE, HEADER, V1 } from './constants.js';
import type { TlmFile } from './types.js';
import { readVersion1 } from './v1/read.js';
import { readVersion2 } from './v2/read.js';

/** What the two versions differ in before anything else is known; the fields stand at the same places in both. */
const VERSIONS = {
  [V1.version]: { headerBytes: V1.headerBytes, bytesMin: V1.bytesMin, read: readVersion1 },
  [FILE.version]: { headerBytes: FILE.headerBytes, bytesMin: FILE.bytesMin, read: readVersion2 },
};

/**
 * Reads a `.tlm`. `region` may be longer than the file, as a flash partition is; what follows is not looked at.
 * @throws TinyLMError with a `TlmErrorCode`; the message has the byte, what was found and what was expected
 */
export function readTlm(region: Uint8Array): TlmFile {
  const short = (least: number): void => {
    if (region.length < least) refuse('tlm-short', 'size', 0, `${region.length} bytes`, `at least ${least}`);
  };
  short(FILE.bytesMin);
  const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
  const hex = (v: number): string => `0x${v.toString(16).padStart(8, '0')}`;
  const magic = view.getUint32(HEADER.magic, true);
  if (magic !== FILE.magic) refuse('tlm-magic', 'magic', HEADER.magic, hex(magic), hex(FILE.magic));
  const version = view.getUint16(HEADER.version, true);
  if (version !== V1.version && version !== FILE.version) {
    refuse('tlm-version', 'version', HEADER.version, version, `${V1.version} or ${FILE.version}`);
  }
  const { headerBytes: wanted, bytesMin, read } = VERSIONS[version];
  short(bytesMin);
  const headerBytes = view.getUint16(HEADER.headerBytes, true);
  if (headerBytes !== wanted) refuse('tlm-size', 'header size', HEADER.headerBytes, headerBytes, wanted);
  const fileBytes = view.getUint32(HEADER.fileBytes, true);
  if (fileBytes < bytesMin || fileBytes % FILE.bytesMultiple !== 0) {
    refuse(
      'tlm-size',
      'file size',
      HEADER.fileBytes,
      fileBytes,
      `a multiple of ${FILE.bytesMultiple}, at least ${bytesMin}`,
    );
  }
  if (fileBytes > region.length) {
    refuse('tlm-short', 'file size', HEADER.fileBytes, `${region.length} bytes`, `${fileBytes}, as its header says`);
  }
  const crcAt = fileBytes - FILE.crcBytes;
  const stored = view.getUint32(crcAt, true);
  const computed = crc32(region.subarray(0, crcAt));
  if (stored !== computed) {
    refuse('tlm-crc', 'CRC-32', crcAt, hex(stored), `${hex(computed)}, computed from the bytes before it`);
  }
  return read(region.subarray(0, fileBytes));
}
