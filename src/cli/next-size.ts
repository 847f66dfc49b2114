/** What the next larger size would give: said at the end of a run that was given a size. */
import { CHIPS, type ChipName } from '../cost/index.js';
import { tableVocab } from '../tokenizer/index.js';
import { measureSpeed, planOptions, planUsual } from '../run/plan.js';
import { nextSize, shapeFor } from '../run/sizes.js';
import { utf8Bytes } from '../corpus/index.js';
import type { ModelConfig } from '../model/index.js';
import { speedsOf } from './budget-speed.js';
import type { Started } from './pipeline.js';
import { OPTIONS } from './options.js';
import { count, duration, speed } from './values.js';

/** A text with fewer bytes than this for each byte of a model gives a larger one nothing to learn. */
const TEXT_PER_BYTE = 2;

/** e.g. "118 tokens/s on ESP32" */
export function modelledWords(config: ModelConfig, chip?: ChipName): string {
  return speedsOf(config, chip, 'qio80')
    .map(({ chip: name, speeds }) => `${speed(speeds[0].tokensPerSecond)} on ${CHIPS[name].title}`)
    .join(', ');
}

/** A sentence or two; undefined for a model that was given no size. */
export async function nextWords(
  { bytes, data, record, trainer, threads }: Started,
  chip?: ChipName,
): Promise<string | undefined> {
  if (bytes === undefined) return undefined;
  const own = `This model: modelled ${modelledWords(record.options.model, chip)}.`;
  const row = nextSize(bytes);
  if (row === undefined) return own;
  const text =
    data.train.reduce((sum, d) => sum + d.bytes, 0) +
    (data.known ? 0 : data.validTexts.reduce((sum, t) => sum + utf8Bytes(t), 0));
  if (text < TEXT_PER_BYTE * row.bytes)
    return `${own}\nA larger one would have little to learn from ${count(text)} bytes of text: more text would help, more flash would not.`;
  const model = shapeFor(row.bytes, Math.max(row.vocab, tableVocab(data.tokenizer)), {
    tokenizerBytes: 4 * row.vocab,
    cache: record.options.model.cache,
  });
  const flags = { batch: OPTIONS.batch.initial, segment: OPTIONS.segment.initial, seed: record.options.seed };
  const planned = planUsual(planOptions(model, flags, data), data);
  const tokens = planned.steps * planned.lanes * planned.segment;
  const seconds = tokens / (await measureSpeed(planned, data, { kernels: trainer.kernels, threads }, 1));
  return `${own}\nNext larger: --size ${row.name}, about ${duration(seconds)} of training here; modelled ${modelledWords(model, chip)}.`;
}
