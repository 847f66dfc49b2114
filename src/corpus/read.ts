import { TinyLMError } from '../model/errors.js';
import type { ByteFile } from './bytes.js';
import { Collector } from './collector.js';
import { decodeBytes } from './encoding.js';
import { FORMATS } from './formats/index.js';
import type { CorpusFormat, Sample } from './formats/types.js';
import { binaryKind } from './magic.js';
import type { Remark } from './remarks.js';
import { suspicions } from './suspicions.js';
import { SAMPLE_BYTES, Source, type ReadOptions } from './source.js';

/** The documents of a file, and how they were read. */
export interface Reading {
  readonly documents: string[];
  /** Id of the format. */
  readonly format: string;
  /** The same for people. */
  readonly title: string;
  /** Undefined for formats that are no text. */
  readonly encoding: string | undefined;
  /** The field or column in use. */
  readonly field: string | undefined;
  /** How documents were found: `separated by <|endoftext|>`, `one a record`. */
  readonly words: string;
  readonly remarks: readonly Remark[];
}

/** The id of a file's format, by its content; by its extension where the content does not tell. */
export function detectFormat(name: string, head: Uint8Array): string {
  return chooseFormat(name, head, false).id;
}

function chooseFormat(name: string, bytes: Uint8Array, cut: boolean): CorpusFormat {
  const extension = /\.([^./\\]+)$/.exec(name)?.[1].toLowerCase() ?? '';
  const sample: Sample = { bytes, text: sampleText(bytes, name, cut), cut, extension };
  const byName = FORMATS.find((f) => f.extensions.includes(extension));
  if (sample.text.trim() === '' && byName !== undefined && binaryKind(bytes) === undefined) {
    const magic = FORMATS[0];
    return magic.detect(sample) ? magic : byName;
  }
  return FORMATS.find((f) => f.detect(sample))!;
}

function sampleText(bytes: Uint8Array, name: string, cut: boolean): string {
  try {
    return decodeBytes(bytes, name, { cut })
      .text.replace(/\r\n?/g, '\n')
      .replace(/^\ufeff+/, '');
  } catch (error) {
    if (error instanceof TinyLMError) return ''; // it will be refused where it is read
    throw error;
  }
}

/**
 * Reads a file's clean documents; empty documents are dropped, so there may be none.
 * @throws TinyLMError `corpus-binary`, `corpus-limit`, `corpus-too-large`, and `corpus-<format>` of the formats
 */
export async function readTexts(file: ByteFile, options: ReadOptions = {}): Promise<Reading> {
  const { maxBytes } = options;
  if (maxBytes !== undefined && !(maxBytes >= 1)) {
    throw new TinyLMError(
      'corpus-limit',
      `The limit is ${maxBytes} bytes; expected at least 1.`,
      'Leave it out to read all.',
    );
  }
  const source = new Source(file, options);
  const head = await source.head(SAMPLE_BYTES);
  const format =
    FORMATS.find((f) => f.id === options.format) ?? chooseFormat(file.name, head, head.length < file.byteLength);
  if (options.format !== undefined && format.id !== options.format)
    throw new TinyLMError(
      'corpus-format',
      `There is no format "${options.format}".`,
      `There are ${FORMATS.map((f) => f.id).join(', ')}.`,
    );
  const out = new Collector(file.name, maxBytes);
  const { field, words } = await format.read(source, out);
  return {
    documents: out.list,
    format: format.id,
    title: format.title,
    encoding: source.encoding,
    field,
    words: words ?? 'one a record',
    remarks: [...source.remarks, ...out.remarks, ...out.losses(), ...suspicions(out.list)],
  };
}

/** As `readTexts`, the documents alone. */
export async function readDocuments(file: ByteFile, options: ReadOptions = {}): Promise<string[]> {
  return (await readTexts(file, options)).documents;
}
