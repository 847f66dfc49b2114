/** What a new run begins with: the tokenizer, the shape of the model, and its weights where it goes on from another model. */
import { encodeTokenizer } from '../format/index.js';
import type { FloatModel, ModelConfig } from '../model/index.js';
import { tableVocab, type TokenizerKind, type TokenizerTable } from '../tokenizer/index.js';
import { modelConfig, wantedVocab, type ModelOptions } from './model-options.js';
import { prepareData, type Prepared, type SplitRecord } from './prepare.js';
import { characterCounts, fittingBytes, shapeFor, vocabFor } from './sizes.js';

/** The model that is asked for. */
export type Wanted =
  | { readonly kind: 'shape'; readonly options: ModelOptions }
  /** At most so many bytes; `fit`: fewer where the text is short. */
  | {
      readonly kind: 'size';
      readonly bytes: number;
      readonly fit: boolean;
      readonly tokenizer: TokenizerKind;
      readonly vocab?: number;
      readonly cache?: number;
    }
  | Origin;

/** A model to go on from. */
export interface Origin {
  readonly kind: 'from';
  /** As it was named. */
  readonly name: string;
  /** Latent weights. */
  readonly float: FloatModel;
  readonly table: TokenizerTable;
  /** Its weights were made ternary while they were trained. */
  readonly ternary: boolean;
  readonly threshold?: number;
  readonly embedFrac?: number;
}

export interface Begun {
  readonly data: Prepared;
  readonly model: ModelConfig;
  /** Latent weights to begin with; random ones where absent. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
  /** The model that it goes on from, as it was named. */
  readonly from?: string;
  /** What the tokenizer was asked for. */
  readonly tokenizer: { readonly kind: TokenizerKind; readonly vocab: number };
  /** Most bytes of the file, of a model that was given a size. */
  readonly bytes?: number;
}

const utf8 = new TextEncoder();
/** Most bytes of the words about a model in its file. @param name of its text */
export const aboutBytes = (name: string): number => 96 + utf8.encode(name).length;

/** @throws TinyLMError for options that cannot be, before the text is looked at */
export function checkWanted(wanted: Wanted): void {
  if (wanted.kind === 'shape') modelConfig(wanted.options, wantedVocab(wanted.options));
  if (wanted.kind === 'size' && wanted.vocab !== undefined)
    wantedVocab({ tokenizer: wanted.tokenizer, vocab: wanted.vocab });
}

/** @param name of the text: it stands in the model's file */
export function begin(documents: readonly string[], wanted: Wanted, split: SplitRecord, name: string): Begun {
  switch (wanted.kind) {
    case 'shape': {
      const { tokenizer: kind, vocab } = wanted.options;
      const data = prepareData(documents, split, { kind, vocab });
      return { data, model: modelConfig(wanted.options, tableVocab(data.tokenizer)), tokenizer: { kind, vocab } };
    }
    case 'size': {
      const characters = characterCounts(documents);
      const bytes = wanted.fit ? fittingBytes(wanted.bytes, documents) : wanted.bytes;
      const kind = wanted.tokenizer;
      const vocab = wanted.vocab ?? (kind === 'byte' ? 256 : vocabFor(characters, bytes));
      const data = prepareData(documents, split, { kind, vocab });
      const tokens = tableVocab(data.tokenizer);
      const tokenizerBytes = encodeTokenizer(data.tokenizer).length;
      const model = shapeFor(bytes, tokens, {
        tokenizerBytes,
        metadataBytes: aboutBytes(name),
        cache: wanted.cache,
      });
      return { data, model, tokenizer: { kind, vocab }, bytes };
    }
    case 'from': {
      const { float, table, name: from } = wanted;
      const data = prepareData(documents, split, table);
      return {
        data,
        model: float.config,
        weights: float.tensors,
        from,
        tokenizer: { kind: table.kind, vocab: tableVocab(table) },
      };
    }
    default:
      return wanted satisfies never;
  }
}
