/** What a device is asked and what it answers: the JSON of SPEC.md 6, and texts as they are made. */

/** The settings of SPEC.md 6.5, in natural units. */
export interface DeviceSettings {
  /** 0 (always the likeliest token), 0.05 … 10 */
  temperature: number;
  top_k: number;
  /** 0 (off) … 1 */
  top_p: number;
  /** repetition penalty, 1 (off) … 4 */
  penalty: number;
  /** tokens, 0 … 64 */
  penalty_window: number;
  seed: number | 'random';
  /** tokens of a text, 1 … 65535 */
  length: number;
  /** at most 32 bytes of UTF-8; empty for none */
  stop: string;
  /** whether a typed line goes on with the conversation */
  keep: boolean;
}

export interface DeviceModel {
  state: 'ready' | 'none' | 'bad' | 'upload';
  /** when bad: what is wrong, and where in the file */
  error?: string;
  offset?: number;
  bytes?: number;
  /** the file's CRC-32 in hexadecimal: its identity */
  crc?: string;
  vocab?: number;
  dim?: number;
  hidden?: number;
  layers?: number;
  weights?: number;
  /** byte, char or bpe */
  tokenizer?: 'byte' | 'char' | 'bpe';
  /** b3, t2 or mixed */
  packing?: string;
}

/** SPEC.md 6.4. */
export interface DeviceStatus {
  name: string;
  version: string;
  protocol: number;
  model: DeviceModel;
  /** bytes of flash for models */
  storage_bytes: number;
  /** bytes of RAM */
  ram: { engine: number; engine_limit: number; app: number };
  settings: Partial<DeviceSettings>;
  /** whether the device has a token, and what a client over the network may do without it */
  access?: { token: boolean; open: string };
  busy: boolean;
  uptime_s: number;
  /** what the port says: chip, clock_mhz, flash, heap_min_free … */
  device: Record<string, string | number | boolean>;
}

export interface GenerateResult {
  /** end, length, stop or cancelled; a later firmware may have more */
  reason: string;
  prompt_tokens: number;
  tokens: number;
  ms: number;
  tokens_per_second: number;
  seed: number;
}

export interface BenchResult {
  tokens: number;
  ms: number;
  tokens_per_second: number;
  /** what `per_token` counts: cycles or instructions */
  counter?: string;
  per_token?: number;
  device: Record<string, string | number | boolean>;
}

/** One text's settings, and how it begins. */
export interface GenerateOptions extends Partial<DeviceSettings> {
  /** goes on with this client's conversation instead of beginning a new one */
  goOn?: boolean;
  /** without end, until cancelled; more can be said meanwhile */
  continuous?: boolean;
}

/** A text as it is made: an async iterable of its pieces, each whole characters. */
export interface Generation extends AsyncIterable<string> {
  /** Ends the text; `result` then has the reason `cancelled`. */
  cancel(): Promise<void>;
  /** Adds to a continuous text. */
  say(text: string): Promise<void>;
  /** resolves when the text has ended; rejects when it failed. Read the pieces meanwhile, or not: none is lost. */
  readonly result: Promise<GenerateResult>;
}

export interface ClientOptions {
  /** how long an answer may take to begin or go on; default 5000 ms */
  timeoutMs?: number;
  /** text that the device says outside frames: boot messages, echoes */
  onText?: (text: string) => void;
}
