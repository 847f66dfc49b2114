/**
 * What the page and its workers say to each other: types only. Three workers: the trainer (text, sizes, training, export), the
 * engine (generating) and the chip (flashing, talking). A virtual chip is a fourth, which is a port to the chip worker like any other.
 *
 * Each call is a message `{ id, call, ask }`; the worker answers with any number of `{ id, event }` and one `{ id, answer }` or
 * `{ id, error }`. `{ id, cancel: true }` ends a call early. `connect` (calls.ts) is the page's side of it:
 *
 *     const trainer = connect<TrainerCalls>(new Worker(new URL('…/train-worker.js', import.meta.url), { type: 'module' }));
 *     const found = await trainer.call('corpus/read', { sources: [{ kind: 'text', name: 'pasted', text }] });
 *     const result = await trainer.call('train/start', { … }, { onEvent: (event) => …, signal });
 *
 * All values can be cloned. Bytes are bytes, speeds are tokens a second, times are seconds unless a name says otherwise.
 */
import type { ChipName, FlashMode } from '../cost/index.js';
import type { CorpusStats, Remark } from '../corpus/index.js';
import type { BenchResult, DeviceSettings, DeviceStatus, GenerateResult } from '../device/index.js';
import type { BoardState } from '../device/chip/index.js';
import type { FlashProgress } from '../device/flash/index.js';
import type { ModelInfo, NaturalSamplerOptions } from '../engine/index.js';
import type { LayerConfig, ModelConfig, NgramConfig, TritGroup, Trits } from '../model/index.js';
import type { TokenizerKind } from '../tokenizer/index.js';
import type { HistoryPoint, TrainOptions } from '../train/index.js';

/** An error as it crosses: `code` for programs (as in `TinyLMError`), the rest for people; `unexpected` where it is a fault of ours. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What a call is asked, what it tells on the way, and what it ends with. */
export interface Call {
  readonly ask: unknown;
  readonly event: unknown;
  readonly answer: unknown;
}

export type ToWorker =
  | { readonly id: number; readonly call: string; readonly ask: unknown }
  | { readonly id: number; readonly cancel: true };
export type FromWorker =
  | { readonly id: number; readonly event: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: Failure };

// ---- text

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
  readonly remarks: readonly Remark[];
  /** What this size of text allows, in a sentence; none where it is enough. */
  readonly sizeRemark?: string;
  /** Beginnings of the first documents, cleaned. */
  readonly preview: readonly string[];
}

// ---- size

/** As the CLI's options of a model. */
export interface ModelFlags {
  readonly tokenizer: TokenizerKind;
  readonly vocab: number;
  readonly dim?: number;
  readonly hidden?: number;
  readonly layers?: number | readonly LayerConfig[];
  readonly ngrams?: readonly NgramConfig[];
  readonly tied?: boolean;
  readonly trits?: Trits | Partial<Record<TritGroup, Trits>>;
}

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
  /** From the curve of the bench (TinyStories, full training); undefined outside of what was measured. */
  readonly bitsPerByte?: number;
}

export interface SizeChoice extends SizeFigures {
  /** The limit for which this is the largest model. */
  readonly limit: number;
  /** The options that make it. */
  readonly flags: ModelFlags;
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

// ---- training

export interface StartAsk {
  /** Of `corpus/read`. */
  readonly corpus: string;
  readonly model: ModelFlags;
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
  'about': {
    ask: Record<string, never>;
    event: never;
    answer: { readonly version: string; readonly threads: number; readonly store: StoreKind; readonly notes: readonly string[] };
  };
  'corpus/read': { ask: { readonly sources: readonly CorpusSource[]; readonly flags?: CorpusFlags }; event: never; answer: CorpusFound };
  /** The best shapes for a row of sizes: what a slider runs over, ascending by `limit`. */
  'size/choices': {
    ask: SizeAsk & { readonly ramBytes?: number; readonly leastSpeed?: number; readonly vocab?: number };
    event: never;
    answer: readonly SizeChoice[];
  };
  /** What given options cost; throws as the CLI does for sizes that cannot be. */
  'size/figures': { ask: SizeAsk & { readonly model: ModelFlags }; event: never; answer: SizeFigures };
  /** The length of a run on this text; with `measure` it trains for about 3 s to know the speed here. */
  'train/plan': {
    ask: SizeAsk & { readonly corpus: string; readonly model: ModelFlags; readonly train: TrainFlags; readonly measure?: boolean };
    event: never;
    answer: PlanFigures;
  };
  /** One run at a time. Cancelled: as `train/stop` without `keep`. */
  'train/start': { ask: StartAsk; event: TrainMessage; answer: TrainResult };
  /** Goes on with a run of the store, bit for bit as if it had never ended. */
  'train/restore': { ask: { readonly run: string; readonly threads?: number }; event: TrainMessage; answer: TrainResult };
  'train/pause': { ask: { readonly run: string }; event: never; answer: { readonly step: number } };
  'train/resume': { ask: { readonly run: string }; event: never; answer: { readonly step: number } };
  /** With `keep` the call that trains answers with the model as it stands; else it fails with `train-stopped`, the run stays in the store. */
  'train/stop': { ask: { readonly run: string; readonly keep: boolean }; event: never; answer: { readonly step: number } };
  'runs/list': { ask: Record<string, never>; event: never; answer: readonly StoredRun[] };
  /** The model of a run that is at its end or was kept; of an open one that of its newest checkpoint. */
  'runs/model': { ask: { readonly run: string }; event: never; answer: { readonly tlm: Uint8Array<ArrayBuffer> } };
  'runs/remove': { ask: { readonly run: string }; event: never; answer: Record<string, never> };
  /** `name` without extension. A checkpoint needs `run`, all others `tlm`. */
  'export': {
    ask: { readonly kind: ExportKind; readonly name: string; readonly tlm?: Uint8Array; readonly run?: string };
    event: never;
    answer: ExportedFile;
  };
}

// ---- engine

/** Sampling; what is left out has the model's own value, else the CLI's default. */
export interface SamplingFlags extends NaturalSamplerOptions {
  /** Default 256. */
  readonly maxTokens?: number;
  /** Ends before this text, at most 32 UTF-8 bytes. */
  readonly stop?: string;
}

/** A token's text: bytes of a character that is not complete yet show as U+FFFD; `end` is the end of the document. */
export interface TokenGuess {
  readonly token: number;
  readonly text: string;
  readonly end: boolean;
  /** 0 … 1, by the logits alone (temperature 1, nothing cut off). */
  readonly probability: number;
}

/** One token that was drawn. */
export interface GeneratedToken extends TokenGuess {
  /** Text that became complete with it: all of these together are the text. */
  readonly piece: string;
  /** The five likeliest at this place, the likeliest first; whether it was drawn or not. */
  readonly likeliest: readonly TokenGuess[];
}

export interface GeneratedText {
  readonly text: string;
  readonly reason: 'eod' | 'limit' | 'stop' | 'cancelled';
  readonly promptTokens: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
}

export interface LoadedModel {
  /** Names it in later calls to the same worker. */
  readonly model: string;
  readonly info: ModelInfo;
  /** RAM that the engine takes on a chip. */
  readonly memoryBytes: number;
}

export interface EngineCalls {
  'engine/load': { ask: { readonly tlm: Uint8Array }; event: never; answer: LoadedModel };
  'engine/unload': { ask: { readonly model: string }; event: never; answer: Record<string, never> };
  /** The text is the one that `tinylm generate` writes with the same options. Cancel it to stop; it then answers with `cancelled`. */
  'engine/generate': {
    ask: { readonly model: string; readonly prompt: string; readonly sampling?: SamplingFlags };
    /** Tokens since the last event: a few at a time, so that the page is not flooded. */
    event: { readonly tokens: readonly GeneratedToken[] };
    answer: GeneratedText;
  };
}

// ---- chip

export interface ChipFound {
  /** e.g. ESP32-C3 */
  readonly chip: string;
  readonly revision?: string;
  readonly flashBytes?: number;
  /** The model's place by the table in flash, where there is one. */
  readonly modelPartition?: { readonly offset: number; readonly bytes: number };
  /** Why there is no place yet. */
  readonly trouble?: Failure;
}

export interface FitsAnswer {
  readonly fits: boolean;
  readonly modelBytes: number;
  /** Of flash for models, where known. */
  readonly room?: number;
  readonly engineBytes: number;
  /** RAM that the firmware has for the engine, where known. */
  readonly engineLimit?: number;
  readonly why?: Failure;
}

/** What is written: the model into its partition, or firmware and model. Settings are in NVS, which only `erase` empties. */
export interface FlashAsk {
  readonly tlm?: Uint8Array;
  /** The firmware that comes with TinyLM (ESP32-C3, direct boot), or parts of another build. */
  readonly firmware?: 'prebuilt' | readonly { readonly name: string; readonly offset: number; readonly data: Uint8Array }[];
  readonly eraseAll?: boolean;
}

export interface FlashedPart {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** Read back from flash by the chip itself. */
  readonly md5: string;
}

export interface ChipReport {
  readonly status: DeviceStatus;
  readonly bench: BenchResult;
  readonly text: string;
  readonly result: GenerateResult;
  /** Whether the engine here tells the same text; null when it was not compared. */
  readonly same: boolean | null;
  readonly why: string | null;
  /** All of it as Markdown, to send us. */
  readonly markdown: string;
}

/** Where the port of a chip is: transferred to the chip worker, served by `servePort` (ports.ts) on the other side. */
export interface PortAsk {
  readonly port: MessagePort;
  /** For messages, e.g. "USB 303A:1001", "virtual ESP32-C3". */
  readonly name: string;
  /** Not needed: whoever serves the port knows. */
  readonly usb?: { readonly vendorId: number; readonly productId: number };
}

export interface ChipCalls {
  /** Takes a port; the one before is closed. Nothing is sent yet. */
  'chip/port': { ask: PortAsk; event: never; answer: Record<string, never> };
  'chip/close': { ask: Record<string, never>; event: never; answer: Record<string, never> };
  /** Resets the chip into its loader and asks what it is. */
  'chip/detect': { ask: Record<string, never>; event: FlashProgress; answer: ChipFound };
  'chip/fits': { ask: { readonly tlm: Uint8Array; readonly chip?: ChipFound; readonly firmware?: 'prebuilt' }; event: never; answer: FitsAnswer };
  /** Writes, verifies, starts the program. Cancelled: stops at the next block and says what state the board is in. */
  'chip/flash': { ask: FlashAsk; event: FlashProgress; answer: { readonly chip: string; readonly parts: readonly FlashedPart[]; readonly seconds: number } };
  /** What is there, by the running firmware. */
  'chip/info': { ask: Record<string, never>; event: never; answer: DeviceStatus };
  /** Cancel it to end the text; it then answers with the reason `cancelled`. */
  'chip/chat': {
    ask: { readonly prompt: string; readonly goOn?: boolean; readonly settings?: Partial<DeviceSettings> };
    event: { readonly text: string };
    answer: GenerateResult;
  };
  /** Reads the settings, after changing those given. They live until the chip restarts; `save` is refused until a firmware can keep them. */
  'chip/settings': { ask: { readonly change?: Partial<DeviceSettings>; readonly save?: boolean }; event: never; answer: DeviceSettings };
  'chip/wifi': { ask: { readonly ssid: string; readonly password: string }; event: never; answer: { readonly address?: string } };
  'chip/bench': { ask: { readonly tokens?: number }; event: never; answer: BenchResult };
  'chip/report': { ask: { readonly tlm?: Uint8Array }; event: never; answer: ChipReport };
}

// ---- virtual chip

export type BoardStateName = BoardState;

export interface VirtualCalls {
  /** Powers a virtual ESP32-C3; the other end of `port` goes to `chip/port`. */
  'virtual/start': {
    ask: { readonly port: MessagePort; readonly flashBytes?: number };
    event: never;
    answer: Record<string, never>;
  };
  /** Tells what it does, as it changes; ends with `virtual/stop`, or when it is cancelled. */
  'virtual/watch': {
    ask: Record<string, never>;
    event: { readonly state: BoardStateName; readonly why: string };
    answer: Record<string, never>;
  };
  /** Pulls the plug; flash keeps its content unless `forget`. */
  'virtual/stop': { ask: { readonly forget?: boolean }; event: never; answer: Record<string, never> };
}
