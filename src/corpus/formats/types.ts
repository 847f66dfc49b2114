import type { Collector } from '../collector.js';
import type { Source } from '../source.js';

/** The beginning of a file, for finding its format. */
export interface Sample {
  readonly bytes: Uint8Array;
  /** Decoded, with line feeds as line ends and no byte order mark; empty when the bytes are no text. */
  readonly text: string;
  /** There is more of the file. */
  readonly cut: boolean;
  /** In lower case, without the dot; empty for none. */
  readonly extension: string;
}

/** What a format says after reading. */
export interface ReadResult {
  /** The field in use. */
  readonly field?: string;
  /** How documents were found, for people; default: `one a record`. */
  readonly words?: string;
}

/** A kind of text file. To add one: a file like this, and a line in formats/index.ts. */
export interface CorpusFormat {
  /** For `--format`. */
  readonly id: string;
  /** For people, without an article: `CSV`, `subtitles (SRT)`. */
  readonly title: string;
  /** Without dots, in lower case. */
  readonly extensions: readonly string[];
  /** Whether the content is this. Formats are asked in the registry's order, and the first that says yes is taken. */
  detect(sample: Sample): boolean;
  /**
   * Gives the documents to `out`, until there are no more or it is full.
   * @throws TinyLMError `corpus-<id>` with what was found and what to do
   */
  read(source: Source, out: Collector): Promise<ReadResult>;
}
