/** The state snapshot (SPEC.md 1.5), from the specification alone: what a C engine's tlm_save must give. */
import type { ReferenceEngine } from './engine.js';
import type { Generator } from './sampler.js';

/** CRC-32 of SPEC.md 1 (IEEE 802.3), a bit at a time. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0xedb88320);
  }
  return ~crc >>> 0;
}

/**
 * @param engine whose state and recent tokens are written
 * @param generator the sampler's
 * @param modelCrc the last four bytes of the model's file, u32
 * @returns 164 bytes and 2 for each number of state; 6 more for the last three tokens of a model with n-gram tables; 2 and 2 for
 *   each token of the window for one with a cache
 */
export function writeSnapshot(engine: ReferenceEngine, generator: Generator, modelCrc: number): Uint8Array {
  const { ngrams, cache } = engine.model.config;
  const states = [...engine.h.flatMap((layer) => [...layer]), ...engine.stream];
  const out = new Uint8Array(
    12 + 2 * states.length + 16 + 2 + 128 + (ngrams.length > 0 ? 6 : 0) + (cache > 0 ? 2 + 2 * cache : 0) + 4,
  );
  const view = new DataView(out.buffer);
  out.set([0x54, 0x4c, 0x53, 0x1a]);
  view.setUint16(4, 1, true);
  view.setUint32(8, modelCrc, true);
  let at = 12;
  for (const value of states) {
    view.setInt16(at, value, true);
    at += 2;
  }
  for (const word of generator.state) {
    view.setUint32(at, word, true);
    at += 4;
  }
  view.setUint16(at, engine.recent.length, true);
  engine.recent.forEach((token, i) => view.setUint16(at + 2 + 2 * i, token, true));
  at += 130;
  if (ngrams.length > 0) {
    const context = engine.context ?? [0, 0, 0];
    for (let i = 0; i < 3; i++) view.setUint16(at + 2 * i, context[2 - i], true);
    at += 6;
  }
  if (cache > 0) [engine.cached.length, ...engine.cached].forEach((word, i) => view.setUint16(at + 2 * i, word, true));
  view.setUint32(out.length - 4, crc32(out.subarray(0, -4)), true);
  return out;
}
