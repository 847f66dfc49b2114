/** A device's text to the terminal as it is made, and its figures in words. */
import type { BenchResult, DeviceStatus, GenerateResult, Generation } from '../device/index.js';
import type { Terminal } from './terminal.js';
import { bytesText, count, speed } from '../run/words.js';
import { visibleLine } from './visible.js';

export { speed };
export { visible } from './visible.js';

/**
 * Streams a text to stdout and ends its line, also when it breaks off: what came stays.
 * @throws what the generation ended with
 */
export async function streamText(terminal: Terminal, generation: Generation): Promise<GenerateResult> {
  let last = '';
  try {
    for await (const piece of generation) {
      await terminal.stream(piece);
      last = piece;
    }
    return await generation.result;
  } finally {
    if (!last.endsWith('\n')) await terminal.stream('\n');
  }
}

export function resultLine(result: GenerateResult): string {
  const { prompt_tokens: prompt, tokens, tokens_per_second: rate, seed, reason } = result;
  return `${count(prompt)} prompt tokens, ${count(tokens)} generated, ${speed(rate)}, seed ${seed}, ended: ${reason}`;
}

export function benchLine({ tokens, ms, tokens_per_second: rate, counter, per_token: each }: BenchResult): string {
  const cost = each !== undefined && each > 0 ? `, ${count(each)} ${counter ?? 'cycles'} a token` : '';
  return `${count(tokens)} tokens in ${count(ms)} ms, ${speed(rate)}${cost}`;
}

/** What a device is and holds, a line each. */
export function statusLines(status: DeviceStatus): string[] {
  const { name, version, model, ram, storage_bytes: storage, device, busy } = status;
  const rows: [string, string][] = [['device', `${name}, firmware ${version}`]];
  rows.push(['model', modelWords(status)]);
  if (model.state === 'ready') {
    const { vocab, tokenizer, dim, hidden, layers, weights = 0, packing } = model;
    const widths = `embedding ${dim}, hidden ${hidden}, layers ${layers}`;
    rows.push(['shape', `vocabulary ${vocab} (${tokenizer}), ${widths}, ${count(weights)} weights (${packing})`]);
  }
  rows.push(['flash', `${bytesText(storage)} for models`]);
  rows.push(['ram', `engine ${count(ram.engine)} of ${count(ram.engine_limit)} bytes, application ${count(ram.app)}`]);
  for (const [key, value] of Object.entries(device))
    rows.push([key, typeof value === 'number' ? count(value) : String(value)]);
  if (busy) rows.push(['busy', 'yes']);
  const shown = rows.map(([key, value]) => [visibleLine(key), visibleLine(value)] as const);
  const width = Math.max(...shown.map(([key]) => key.length));
  return shown.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`);
}

/** The model in a few words. */
export function modelWords({ model }: DeviceStatus): string {
  switch (model.state) {
    case 'ready':
      return `${count(model.bytes ?? 0)} bytes, CRC ${model.crc}`;
    case 'none':
      return 'none';
    case 'upload':
      return 'being sent';
    case 'bad':
      return `bad: ${model.error ?? 'unknown'}`;
    default:
      return model.state satisfies never;
  }
}
