/** What the trainer worker is asked and answers: text, sizes, training, export. Types only. */
import type { ChipName, FlashMode } from '../cost/index.js';
import type { CorpusStats, Remark } from '../corpus/index.js';
import type { LayerConfig, ModelConfig, NgramConfig, TritGroup, Trits } from '../model/index.js';
import type { TokenizerKind } from '../tokenizer/index.js';
import type { HistoryPoint, TrainOptions } from '../train/index.js';
import type { Failure } from './protocol-errors.js';

export type CorpusSource =
  | { readonly kind: 'file'; readonly name: string; readonly file: Blob }
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | { readonly kind: 'stories'; readonly lang: 'en' | 'pt' };

/** As the CLI's `--format`, `--field`, `--split`, `--encoding`, `--max-bytes`. */
export interface CorpusFlags {
  readonly format?: string;
  readonly field?: string;
  readonly split?: string;
  readonly encoding?: string;
  readonly maxBytes?: number;
}

/** What was found in a text. The trainer worker keeps the documents under `corpus`. */
export interface CorpusFound {
  /** Names it in later calls to the same worker. */
  readonly corpus: string;
  readonly name: string;
  readonly stats: CorpusStats;
  /** How each file was read; nothing for the built-in stories. */
  readonly files: readonly {
    readonly name: string;
    /** e.g. `text`, `csv` */
    readonly format: string;
    readonly title: string;
    readonly encoding?: string;
    readonly field?: string;
    /** How documents were found, in words. */
    readonly words: string;
    readonly documents: number;
  }[];
  /** With the file's name where there are several. */
  readonly remarks: readonly (Remark & { readonly file?: string })[];
  /** What this size of text allows, in a sentence; none where it is enough. */
  readonly sizeRemark?: string;
  /** Beginnings of the first documents, cleaned. */
  readonly preview: readonly string[];
}

/** As the CLI's options of a model. */
export interface ModelFlags {
  readonly tokenizer: TokenizerKind;
  readonly vocab: number;
  readonly dim?: number;
  readonly hidden?: number;
  readonly layers?: number | readonly LayerConfig[];
  readonly ngrams?: readonly NgramConfig[];
  /** Tokens of the text so far that it remembers word for word; 0 for none. */
  readonly cache?: number;
  readonly tied?: boolean;
  readonly trits?: Trits | Partial<Record<TritGroup, Trits>>;
}

/** A model of at most so many bytes, in the shape that the CLI's `--size` gives it for this text. */
export interface SizedFlags {
  readonly bytes: number;
  readonly tokenizer: TokenizerKind;
}

/** The model that is asked for: by its shape, or by its size. */
export type ModelAsk = ModelFlags | SizedFlags;

/** As the CLI's options of training. `threads` is for the speed alone: the result is the same for any number. */
export interface TrainFlags {
  readonly float?: boolean;
  readonly threshold?: number;
  /** Instead of `minutes`; default 15. */
  readonly epochs?: number;
  readonly minutes?: number;
  readonly batch: number;
  readonly segment: number;
  readonly lr?: number;
  readonly seed: number;
  readonly threads?: number;
}

/** What a model of some size costs, before it is trained. */
export interface SizeFigures {
  readonly model: ModelConfig;
  /** In a line, e.g. "GRU 64, vocabulary 256, embedding 32, 1 trit a weight". */
  readonly words: string;
  readonly parameters: number;
  /** Of the .tlm, packed in base 3. */
  readonly flashBytes: number;
  /** Of the engine on the chip. */
  readonly ramBytes: number;
  /** Modelled, not measured. */
  readonly tokensPerSecond: number;
}

export interface SizeChoice extends SizeFigures {
  /** What it is asked for with; the figures are for a tokenizer that takes all that it may. */
  readonly flags: SizedFlags;
  /** The one of `tinylm train` where nothing is said. */
  readonly usual: boolean;
}

export interface SizeAsk {
  readonly chip: ChipName;
  readonly flashMode: FlashMode;
}

export interface PlanFigures extends SizeFigures {
  readonly steps: number;
  readonly epochs: number;
  /** With the batch as it fits the text. */
  readonly batch: number;
  readonly segment: number;
  /** From the speed measured here, where `measure` was asked for. */
  readonly minutes?: number;
  readonly trainTokensPerSecond?: number;
}

export interface StartAsk {
  /** Of `corpus/read`. */
  readonly corpus: string;
  readonly model: ModelAsk;
  readonly train: TrainFlags;
  /** For people, and in the file's metadata; default: the text's name. */
  readonly name?: string;
}

/** Where checkpoints are kept: the browser's private file system, or memory, which a reload empties. */
export type StoreKind = 'opfs' | 'memory';

export type TrainMessage =
  | {
      /** It begins, or goes on after a reload. */
      readonly kind: 'started';
      readonly run: string;
      readonly options: TrainOptions;
      readonly parameters: number;
      readonly threads: number;
      readonly store: StoreKind;
      /** Why one thread or memory, where it is so. */
      readonly notes: readonly string[];
      readonly step: number;
      readonly history: readonly HistoryPoint[];
    }
  | {
      /** About once a second. */
      readonly kind: 'progress';
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly epochs: number;
      /** Bits per byte on the training text, over the last second or so. */
      readonly trainBits: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      /** With a checkpoint in the store. */
      readonly kind: 'evaluation';
      readonly point: HistoryPoint;
      readonly best: boolean;
      /** Text of the model as it stands; none of a float run. */
      readonly sample?: string;
    }
  | { readonly kind: 'paused'; readonly step: number }
  | { readonly kind: 'resumed'; readonly step: number }
  /** The checkpoint could not be written: training goes on. */
  | { readonly kind: 'trouble'; readonly failure: Failure };

/** The exported model, and what it measures. */
export interface TrainResult {
  readonly run: string;
  /** `stopped`: before its last step, by `train/stop` with `keep`. */
  readonly kind: 'end' | 'stopped';
  readonly step: number;
  readonly steps: number;
  readonly tlm: Uint8Array<ArrayBuffer>;
  readonly history: readonly HistoryPoint[];
  /** On the validation text. */
  readonly bitsPerByte: { readonly trained: number; readonly engine: number };
  readonly seconds: number;
  readonly tokensPerSecond: number;
}

/** A run in the store, as `runs/list` shows it. */
export interface StoredRun {
  readonly run: string;
  readonly name: string;
  /** ISO 8601 */
  readonly started: string;
  readonly step: number;
  readonly steps: number;
  readonly bytes: number;
  /** `end`: trained to its end, the model is there; `stopped`: kept before; `open`: can go on by `train/restore`. */
  readonly state: 'open' | 'stopped' | 'end';
  readonly bestBits?: number;
}

export type ExportKind = 'tlm' | 'header' | 'arduino' | 'checkpoint';

/** A file for the person to keep. */
export interface ExportedFile {
  readonly name: string;
  /** e.g. application/zip */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface TrainerCalls {
  /** What this page can do here. */
  about: {
    ask: Record<string, never>;
    event: never;
    answer: {
      readonly version: string;
      readonly threads: number;
      readonly store: StoreKind;
      readonly notes: readonly string[];
    };
  };
  'corpus/read': {
    ask: { readonly sources: readonly CorpusSource[]; readonly flags?: CorpusFlags };
    event: never;
    answer: CorpusFound;
  };
  /** The shapes of `--size` for this text: what a slider runs over, ascending. */
  'size/choices': {
    ask: SizeAsk & { readonly corpus: string };
    event: never;
    answer: readonly SizeChoice[];
  };
  /** What given options cost; throws as the CLI does for sizes that cannot be. */
  'size/figures': { ask: SizeAsk & { readonly model: ModelFlags }; event: never; answer: SizeFigures };
  /** The length of a run on this text; with `measure` it trains for about 3 s to know the speed here. */
  'train/plan': {
    ask: SizeAsk & {
      readonly corpus: string;
      readonly model: ModelAsk;
      readonly train: TrainFlags;
      readonly measure?: boolean;
    };
    event: never;
    answer: PlanFigures;
  };
  /** One run at a time. Cancelled: as `train/stop` without `keep`. */
  'train/start': { ask: StartAsk; event: TrainMessage; answer: TrainResult };
  /** Goes on with a run of the store, bit for bit as if it had never ended. */
  'train/restore': {
    ask: { readonly run: string; readonly threads?: number };
    event: TrainMessage;
    answer: TrainResult;
  };
  'train/pause': { ask: { readonly run: string }; event: never; answer: { readonly step: number } };
  'train/resume': { ask: { readonly run: string }; event: never; answer: { readonly step: number } };
  /** With `keep` the call that trains answers with the model as it stands; else it fails with `train-stopped`, the run stays in the store. */
  'train/stop': {
    ask: { readonly run: string; readonly keep: boolean };
    event: never;
    answer: { readonly step: number };
  };
  'runs/list': { ask: Record<string, never>; event: never; answer: readonly StoredRun[] };
  /** The model of a run that is at its end or was kept; of an open one that of its newest checkpoint. */
  'runs/model': { ask: { readonly run: string }; event: never; answer: { readonly tlm: Uint8Array<ArrayBuffer> } };
  'runs/remove': { ask: { readonly run: string }; event: never; answer: Record<string, never> };
  /** `name` without extension. A checkpoint needs `run`, all others `tlm`. */
  export: {
    ask: { readonly kind: ExportKind; readonly name: string; readonly tlm?: Uint8Array; readonly run?: string };
    event: never;
    answer: ExportedFile;
  };
}
