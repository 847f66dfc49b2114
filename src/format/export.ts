/** For those who link weights into their own program: one file for each tensor, or the whole as a C array. */
import { TinyLMError } from '../model/errors.js';
import type { TlmFile } from './types.js';

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The tensors of a file as they lie in it: `<tensor>.<t2|b3|i16|i8>.bin` (the planes of a matrix one after the other, high digits
 * first), for a matrix also `<tensor>.scales.bin` (mantissas of `scaleBytes` bytes, little-endian), and `tensors.json` with shapes, types, shifts and file names.
 *
 * @param bytes the file that `file` was read from
 */
export function exportBins(file: TlmFile, bytes: Uint8Array): ExportedFile[] {
  const files: ExportedFile[] = [];
  const put = (name: string, offset: number, length: number): string => {
    files.push({ name, bytes: bytes.slice(offset, offset + length) });
    return name;
  };
  const index = file.model.tensors.map((tensor, i) => {
    const { type, rows, cols, trits, rowBytes, dataOffset, dataBytes, scaleOffset, scaleBytes } = file.info.tensors[i];
    const data = put(`${tensor.name}.${type}.bin`, dataOffset, dataBytes);
    const shape = { name: tensor.name, type, rows, cols, rowBytes, file: data };
    return tensor.kind === 'fixed'
      ? { ...shape, frac: tensor.frac }
      : {
          ...shape,
          trits,
          scaleShift: tensor.scaleShift,
          scaleBytes,
          scales: put(`${tensor.name}.scales.bin`, scaleOffset, scaleBytes * tensor.mantissas.length),
        };
  });
  const { config, embedFrac, eod, resetOnEod } = file.model;
  const text = JSON.stringify({ ...config, embedFrac, eod, resetOnEod, tensors: index }, null, 2);
  files.push({ name: 'tensors.json', bytes: new TextEncoder().encode(`${text}\n`) });
  return files;
}

/**
 * A C header with the bytes as `const uint8_t <name>[]`, aligned to 16, and `<name>_bytes`; the same text for the
 * same bytes.
 *
 * @throws TinyLMError `export-name` for a name that is no C identifier
 */
export function cHeader(bytes: Uint8Array, name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) {
    throw new TinyLMError(
      'export-name',
      `"${name}" is no C identifier`,
      'use letters, digits and _, e.g. tinylm_model',
    );
  }
  const guard = `${name.toUpperCase()}_H`;
  const lines = [
    `/* A .tlm file of ${bytes.length} bytes. Include it in one source file only. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    '#include <stdint.h>',
    '',
    `static const uint32_t ${name}_bytes = ${bytes.length}u;`,
    `const uint8_t ${name}[] __attribute__((aligned(16))) = {`,
  ];
  for (let i = 0; i < bytes.length; i += 20) lines.push(`  ${[...bytes.subarray(i, i + 20)].join(', ')},`);
  return [...lines, '};', '', '#endif', ''].join('\n');
}
