/**
 * The protocol of SPEC.md 6, in bytes: constants, frames out, frames and text in. Both ends' codec; the typed client is
 * in client.ts. firmware/app/fw_protocol.h has the same constants; a test compares them.
 */
import { TinyLMError } from '../model/errors.js';

/** Every number of SPEC.md 6 that both sides need, by its name in fw_protocol.h. */
export const PROTOCOL = {
  PROTOCOL_VERSION: 1,
  START: 0xf9,
  ESCAPE: 0xfa,
  ESCAPE_XOR: 0x40,
  /** bytes of a frame's payload, at most */
  PAYLOAD_MAX: 1024,
  /** bytes of a line, at most */
  LINE_MAX: 1024,
  INFO_MAX: 1400,
  BODY_MAX: 4096,
  SILENCE_MS: 10000,
  SLOW_BYTES: 1024,
  TURN_MS: 30000,
  TURN_ENDLESS_MS: 1000,
  TURN_TOKENS: 512,
  ENDLESS_MS: 60000,
  HEADER_MAX: 2048,
  REQUEST_MS: 5000,
  UPLOAD_RATE: 4096,
  FREE_GUESSES: 3,
  WAIT_MAX_S: 64,
  /** bytes of the setting `allow` */
  ALLOW_MAX: 128,
  MSG_INFO: 0x01,
  MSG_SETTINGS: 0x02,
  MSG_RESET: 0x03,
  MSG_PROMPT: 0x04,
  MSG_GENERATE: 0x05,
  MSG_CANCEL: 0x06,
  MSG_BENCH: 0x07,
  MSG_UPLOAD_BEGIN: 0x08,
  MSG_UPLOAD_DATA: 0x09,
  MSG_UPLOAD_END: 0x0a,
  MSG_CONFIG: 0x0b,
  MSG_AUTH: 0x0c,
  MSG_RESTART: 0x0d,
  MSG_DATA: 0x81,
  MSG_DONE: 0x82,
  MSG_ERROR: 0x83,
} as const;

/** The codes of error messages. */
export const DEVICE_ERRORS = [
  'bad-frame',
  'overlong',
  'unknown',
  'bad-request',
  'bad-value',
  'busy',
  'idle',
  'no-model',
  'bad-model',
  'too-large',
  'offset',
  'storage',
  'forbidden',
  'unsupported',
  'engine',
  'stalled',
  'turn',
  'wait',
] as const;
export type DeviceErrorCode = (typeof DEVICE_ERRORS)[number];

export interface Frame {
  /** a MSG_… of {@link PROTOCOL} */
  readonly type: number;
  /** 0 … 255; an answer has its request's */
  readonly sequence: number;
  /** at most PAYLOAD_MAX bytes */
  readonly payload: Uint8Array;
}

const LF = 0x0a;
const ESCAPED = new Set([0x03, LF, 0x0d, 0x11, 0x13, PROTOCOL.START, PROTOCOL.ESCAPE]);
/** type, sequence, CRC */
const AROUND = 6;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** The IEEE CRC-32 of SPEC.md 1. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) c = (c >>> 8) ^ CRC_TABLE[(c ^ b) & 255];
  return ~c >>> 0;
}

/** A frame as bytes. @throws TinyLMError `frame-too-large` */
export function encodeFrame({ type, sequence, payload }: Frame): Uint8Array {
  if (payload.length > PROTOCOL.PAYLOAD_MAX) {
    throw new TinyLMError(
      'frame-too-large',
      `a payload of ${payload.length} bytes; a frame holds ` + `${PROTOCOL.PAYLOAD_MAX}`,
      'send it in pieces',
    );
  }
  const content = new Uint8Array(payload.length + AROUND);
  content[0] = type;
  content[1] = sequence;
  content.set(payload, 2);
  new DataView(content.buffer).setUint32(content.length - 4, crc32(content.subarray(0, -4)), true);
  const bytes: number[] = [PROTOCOL.START];
  for (const b of content) {
    if (ESCAPED.has(b)) bytes.push(PROTOCOL.ESCAPE, b ^ PROTOCOL.ESCAPE_XOR);
    else bytes.push(b);
  }
  bytes.push(LF);
  return Uint8Array.from(bytes);
}

/** What comes out of a stream of bytes: frames, and text between them. */
export type Received =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  /** bytes that began as a frame and were none */
  | { readonly kind: 'damaged' };

/** Takes bytes in any split, gives frames and the text between them. Holds at most one frame. */
export class FrameReader {
  readonly #content = new Uint8Array(PROTOCOL.PAYLOAD_MAX + AROUND);
  #length = 0;
  #inFrame = false;
  #escape = false;
  #bad = false;

  push(data: Uint8Array): Received[] {
    const out: Received[] = [];
    let text: number[] = [];
    const flush = (): void => {
      if (text.length > 0) out.push({ kind: 'text', bytes: Uint8Array.from(text) });
      text = [];
    };
    for (const b of data) {
      if (b === PROTOCOL.START) {
        flush();
        if (this.#inFrame) out.push({ kind: 'damaged' });
        this.#inFrame = true;
        this.#escape = this.#bad = false;
        this.#length = 0;
      } else if (!this.#inFrame) text.push(b);
      else if (b === LF) {
        out.push(this.#end());
        this.#inFrame = false;
      } else this.#take(b);
    }
    flush();
    return out;
  }

  #take(b: number): void {
    if (b === PROTOCOL.ESCAPE && !this.#escape) {
      this.#escape = true;
      return;
    }
    let plain = b;
    if (this.#escape) {
      plain = b ^ PROTOCOL.ESCAPE_XOR;
      if (!ESCAPED.has(plain)) this.#bad = true;
      this.#escape = false;
    }
    if (this.#length === this.#content.length) this.#bad = true;
    else this.#content[this.#length++] = plain;
  }

  #end(): Received {
    const content = this.#content.slice(0, this.#length);
    if (this.#bad || this.#escape || content.length < AROUND) return { kind: 'damaged' };
    const crc = new DataView(content.buffer).getUint32(content.length - 4, true);
    if (crc !== crc32(content.subarray(0, -4))) return { kind: 'damaged' };
    return { kind: 'frame', frame: { type: content[0], sequence: content[1], payload: content.slice(2, -4) } };
  }
}
