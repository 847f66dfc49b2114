/**
 * safetensors files, as PyTorch and others exchange weights in: u64 header length, a JSON header, the numbers
 * (https://github.com/huggingface/safetensors, "Format"). Reads F64, F32, F16 and BF16 as floats; writes F32.
 */
import { TinyLMError } from '../model/errors.js';
import type { ShapedTensor } from '../model/tensors.js';
import { foreignKind } from './foreign.js';

/** The safetensors library refuses longer headers; so is a file that is none refused early. */
const HEADER_BYTES_MAX = 100_000_000;
const WIDTH = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;
type DType = keyof typeof WIDTH;
/** Types of the format that are no floats of ours, with their bytes: counters, masks, quantized weights. */
const OTHERS: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  U64: 8,
  I64: 8,
};

/** A tensor that is there and was not read. */
export interface OtherTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, ShapedTensor>;
  /** Tensors that hold no floats. */
  readonly others: ReadonlyMap<string, OtherTensor>;
  /** The header's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

function fail(what: string): never {
  throw new TinyLMError(
    'safetensors',
    `not a usable safetensors file: ${what}`,
    'save it again, e.g. with safetensors.torch.save_file(model.state_dict(), path)',
  );
}

/**
 * Reads a file; every tensor becomes float32 (F64 is rounded).
 * @throws TinyLMError `safetensors`: cut off, overlapping, with holes, of a type that the format has not, or without
 *   floats; `safetensors-kind`: a file of another kind, with what it is
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const foreign = foreignKind(bytes);
  if (foreign !== undefined) {
    throw new TinyLMError('safetensors-kind', `this is ${foreign.what}, expected a safetensors file`, foreign.hint);
  }
  if (bytes.length < 8) fail(`${bytes.length} bytes, expected at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > HEADER_BYTES_MAX) {
    const first = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
    fail(`it begins with the bytes ${first}, expected the length of a header, at most ${HEADER_BYTES_MAX}`);
  }
  if (8 + length > bytes.length) {
    fail(`a header of ${length} bytes in a file of ${bytes.length}: it was cut off, or is of another kind`);
  }
  const { __metadata__: metadata = {}, ...entries } = parseHeader(bytes.subarray(8, 8 + length));
  const data = new DataView(bytes.buffer, bytes.byteOffset + 8 + length, bytes.byteLength - 8 - length);
  const spans: { name: string; begin: number; end: number }[] = [];
  const tensors = new Map<string, ShapedTensor>();
  const others = new Map<string, OtherTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, begin, end } = checkEntry(name, entry, data.byteLength);
    spans.push({ name, begin, end });
    if (Object.hasOwn(WIDTH, dtype)) tensors.set(name, { shape, data: numbers(data, dtype as DType, begin, end) });
    else others.set(name, { shape, dtype });
  }
  let at = 0;
  for (const { name, begin, end } of spans.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) fail(`${name} begins at ${begin} of the data, expected ${at}`);
    at = end;
  }
  if (at !== data.byteLength) fail(`${data.byteLength} bytes of data, expected ${at}`);
  if (tensors.size === 0 && others.size > 0) {
    const [[name, { dtype }]] = others;
    fail(`it holds no floats; ${name} is of type ${dtype}, expected one of ${Object.keys(WIDTH).join(', ')}`);
  }
  return { tensors, others, metadata: checkMetadata(metadata) };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`its header is no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('its header is no JSON object');
  return header as Record<string, unknown>;
}

const isSize = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;

function checkEntry(
  name: string,
  entry: unknown,
  dataBytes: number,
): { dtype: string; shape: number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const width =
    typeof dtype !== 'string'
      ? undefined
      : Object.hasOwn(WIDTH, dtype)
        ? WIDTH[dtype as DType]
        : Object.hasOwn(OTHERS, dtype)
          ? OTHERS[dtype]
          : undefined;
  if (width === undefined) {
    fail(`${name} is of type ${String(dtype)}, expected one of ${Object.keys(WIDTH).join(', ')}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) fail(`the shape of ${name} is ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    fail(`the offsets of ${name} are ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const wanted = width * (shape as number[]).reduce((a, b) => a * b, 1);
  if (end - begin !== wanted) {
    fail(`${name} has ${end - begin} bytes, expected ${wanted} for (${shape.join(', ')}) of ${String(dtype)}`);
  }
  if (end > dataBytes) fail(`${name} ends at ${end} of ${dataBytes} bytes of data: the file was cut off`);
  return { dtype: dtype as string, shape: shape as number[], begin, end };
}

function checkMetadata(metadata: unknown): Record<string, string> {
  const object = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  if (!object || !Object.values(metadata).every((v) => typeof v === 'string')) {
    fail('__metadata__ is no map of strings');
  }
  return metadata as Record<string, string>;
}

function numbers(data: DataView, dtype: DType, begin: number, end: number): Float32Array {
  const out = new Float32Array((end - begin) / WIDTH[dtype]);
  for (let i = 0; i < out.length; i++) {
    switch (dtype) {
      case 'F64':
        out[i] = data.getFloat64(begin + 8 * i, true);
        break;
      case 'F32':
        out[i] = data.getFloat32(begin + 4 * i, true);
        break;
      case 'F16':
        out[i] = half(data.getUint16(begin + 2 * i, true));
        break;
      case 'BF16': {
        // The upper half of a float32.
        SCRATCH.setUint32(0, data.getUint16(begin + 2 * i, true) * 65536);
        out[i] = SCRATCH.getFloat32(0);
        break;
      }
      default:
        dtype satisfies never;
    }
  }
  return out;
}

const SCRATCH = new DataView(new ArrayBuffer(4));

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/**
 * Writes float32 tensors, in the map's order; deterministic. The header is padded with spaces so that the
 * numbers begin at a multiple of 8, as the safetensors library does.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, ShapedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let at = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === '__metadata__' || data.length !== shape.reduce((a, b) => a * b, 1)) {
      fail(`${name} has ${data.length} numbers, expected the shape (${shape.join(', ')})`);
    }
    header[name] = { dtype: 'F32', shape, data_offsets: [at, (at += 4 * data.length)] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(length), true);
  out.set(json, 8);
  let offset = 8 + length;
  for (const { data } of tensors.values()) {
    for (const value of data) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return out;
}
