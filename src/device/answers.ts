/**
 * What a device's answers must hold (SPEC.md 6.3 to 6.5), as schemas. A device is not trusted: it may be another one, or
 * its bytes were made by somebody else. What a later firmware adds is kept.
 */
import * as v from 'valibot';
import { flag, number, oneOf, text, whole } from '../model/record.js';
import type { BenchResult, DeviceModel, DeviceSettings, DeviceStatus, GenerateResult } from './client-types.js';

const COUNT = 2 ** 53 - 1;
const count = () => whole(0, COUNT);
const rate = () => number(0, 1e12);

export const SettingsSchema = v.looseObject({
  temperature: number(0, 1e6),
  top_k: count(),
  top_p: number(0, 1e6),
  penalty: number(0, 1e6),
  penalty_window: count(),
  seed: v.union([count(), v.literal('random')], 'a whole number or "random"'),
  length: count(),
  stop: text(),
  keep: flag(),
}) satisfies v.GenericSchema<unknown, DeviceSettings>;

export const ModelSchema = v.looseObject({
  state: oneOf(['ready', 'none', 'bad', 'upload']),
  error: v.optional(text()),
  offset: v.optional(count()),
  bytes: v.optional(count()),
  crc: v.optional(text(64)),
  vocab: v.optional(count()),
  dim: v.optional(count()),
  hidden: v.optional(count()),
  layers: v.optional(count()),
  weights: v.optional(count()),
  tokenizer: v.optional(oneOf(['byte', 'char', 'bpe'])),
  packing: v.optional(text(64)),
}) satisfies v.GenericSchema<unknown, DeviceModel>;

const FactsSchema = v.record(
  v.string(),
  v.union([text(), number(-1e18, 1e18), flag()], 'text, a number or true or false'),
);

export const StatusSchema = v.looseObject({
  name: text(256),
  version: text(256),
  protocol: whole(0, 255),
  model: ModelSchema,
  storage_bytes: count(),
  ram: v.looseObject({ engine: count(), engine_limit: count(), app: count() }),
  // Read by themselves where they matter.
  settings: v.partial(SettingsSchema),
  busy: flag(),
  uptime_s: number(0, 1e12),
  device: FactsSchema,
}) satisfies v.GenericSchema<unknown, DeviceStatus>;

export const ResultSchema = v.looseObject({
  reason: text(64),
  prompt_tokens: count(),
  tokens: count(),
  ms: rate(),
  tokens_per_second: rate(),
  seed: count(),
}) satisfies v.GenericSchema<unknown, GenerateResult>;

export const BenchSchema = v.looseObject({
  tokens: count(),
  ms: rate(),
  tokens_per_second: rate(),
  counter: v.optional(text(256)),
  per_token: v.optional(rate()),
  device: FactsSchema,
}) satisfies v.GenericSchema<unknown, BenchResult>;

export const ErrorSchema = v.looseObject({ code: text(64), message: text() });
