/** What the workers of a chip, real or virtual, are asked and answer. Types only. */
import type { BenchResult, DeviceSettings, DeviceStatus, GenerateResult } from '../device/index.js';
import type { BoardState } from '../device/chip/index.js';
import type { FlashProgress } from '../device/flash/index.js';
import type { Failure } from './protocol-errors.js';

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
  readonly firmware?:
    | 'prebuilt'
    | readonly { readonly name: string; readonly offset: number; readonly data: Uint8Array }[];
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
  'chip/fits': {
    ask: { readonly tlm: Uint8Array; readonly chip?: ChipFound; readonly firmware?: 'prebuilt' };
    event: never;
    answer: FitsAnswer;
  };
  /** Writes, verifies, starts the program. Cancelled: stops at the next block and says what state the board is in. */
  'chip/flash': {
    ask: FlashAsk;
    event: FlashProgress;
    answer: { readonly chip: string; readonly parts: readonly FlashedPart[]; readonly seconds: number };
  };
  /** What is there, by the running firmware. */
  'chip/info': { ask: Record<string, never>; event: never; answer: DeviceStatus };
  /** Cancel it to end the text; it then answers with the reason `cancelled`. */
  'chip/chat': {
    ask: { readonly prompt: string; readonly goOn?: boolean; readonly settings?: Partial<DeviceSettings> };
    event: { readonly text: string };
    answer: GenerateResult;
  };
  /** Reads the settings, after changing those given. They live until the chip restarts; `save` is refused until a firmware can keep them. */
  'chip/settings': {
    ask: { readonly change?: Partial<DeviceSettings>; readonly save?: boolean };
    event: never;
    answer: DeviceSettings;
  };
  'chip/wifi': {
    ask: { readonly ssid: string; readonly password: string };
    event: never;
    answer: { readonly address?: string };
  };
  'chip/bench': { ask: { readonly tokens?: number }; event: never; answer: BenchResult };
  'chip/report': {
    ask: { readonly tlm?: Uint8Array; readonly virtual?: { readonly modelled?: number } };
    event: never;
    answer: ChipReport;
  };
}

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
