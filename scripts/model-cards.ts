/**
 * Writes the cards of the models that come with TinyLM, models/NAME/README.md, and the table of docs/models.md: from the
 * registry (models/models.json), from each .tlm, and from what the engine makes of it. test/models.test.ts compares.
 *
 *   npm run build && node dist/scripts/model-cards.js
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../src/cli/terminal.js';
import { openEngine } from '../src/cli/engine.js';
import { naturalOptions } from '../src/engine/index.js';
import { packageRoot } from '../src/node/assets.js';
import { readRegistry, shippedCard, shippedTlm } from '../src/node/shipped.js';
import { shape } from '../src/run/shape.js';
import {
  bitsOf,
  shippedFigures,
  slowest,
  type Registry,
  type ShippedFigures,
  type ShippedModel,
} from '../src/run/shipped.js';
import { bits, count, percent } from '../src/run/words.js';
import { fill } from './marked.js';

export const PAGE = 'docs/models.md';

const LANGUAGES = { en: 'English', pt: 'Portuguese' } as const;

/** What the C engine, as WebAssembly, writes for the card; the same on every chip. */
export async function sampleText(tlm: Uint8Array, { prompt, seed, tokens }: ShippedModel['sample']): Promise<string> {
  const engine = await openEngine(tlm);
  return prompt + engine.generate(prompt, { seed, maxTokens: tokens }).text;
}

function samplingText({ sampling }: ShippedFigures): string {
  if (sampling === undefined) return 'as usual';
  const { temperature, topK, repetitionPenalty } = naturalOptions({ ...sampling, topP: 0, seed: 1 });
  return `temperature ${Number(temperature!.toFixed(2))}, top-k ${topK}, repetition penalty ${Number(repetitionPenalty!.toFixed(2))} (in the file)`;
}

function rows({ measured, language }: ShippedModel, figures: ShippedFigures): string[][] {
  const { coherent } = measured;
  return [
    ['language', LANGUAGES[language]],
    ['model', shape(figures.config)],
    ['parameters', count(figures.parameters)],
    ['file', `${count(figures.bytes)} bytes`],
    ['RAM that the engine asks for', `${count(figures.ram)} bytes`],
    ['bits per byte', `${bits(measured.bitsPerByte)} on ${measured.on}`],
    ...(coherent
      ? [
          [
            'coherent sentences',
            `${count(coherent.sentences)} of ${count(coherent.of)} in 100 stories: ${percent(coherent.sentences / coherent.of)}`,
          ],
        ]
      : []),
    ['sampling', samplingText(figures)],
    ...figures.speeds.map(({ title, tokensPerSecond }) => [
      `speed on ${title}, modelled`,
      `${count(tokensPerSecond)} tokens/s`,
    ]),
  ];
}

const shell = (lines: readonly string[]): string => `\`\`\`sh\n${lines.join('\n')}\n\`\`\``;

/** A card, as Markdown. */
export async function card(registry: Registry, model: ShippedModel, tlm: Uint8Array): Promise<string> {
  const { name, sample } = model;
  const text = registry.texts.find((t) => t.name === model.text)!;
  const written = await sampleText(tlm, sample);
  return (
    [
      `# ${name}`,
      model.about,
      markdownTable([['', ''], ...rows(model, shippedFigures(tlm))], [0, 1]),
      'Speeds are at QIO 80 MHz, modelled from counted instructions and a model of the flash cache; nobody has measured them on a board.',
      '## What it writes',
      `As it comes, seed ${sample.seed}${sample.prompt === '' ? ', from nothing' : `, after “${sample.prompt}”`}:`,
      `\`\`\`text\n${written.trim()}\n\`\`\``,
      shell([
        `tinylm generate ${name}${sample.prompt === '' ? '' : ` --prompt "${sample.prompt}"`} --seed ${sample.seed} --tokens ${sample.tokens}`,
      ]),
      '## What it cannot do',
      model.limits.map((limit) => `- ${limit}`).join('\n'),
      '## Data and licence',
      `${text.what} ${text.licence}`,
      'The model itself is under the licence of TinyLM, MIT.',
      '## How it was made',
      shell(model.made),
      'Measured by:',
      shell([model.measured.command]),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** The table of all models, as Markdown. */
export function overview(all: readonly { model: ShippedModel; tlm: Uint8Array }[]): string {
  const cells = all.map(({ model, tlm }) => {
    const figures = shippedFigures(tlm);
    const { title, tokensPerSecond } = slowest(figures);
    return [
      `[${model.name}](../models/${model.name}/README.md)`,
      count(figures.bytes),
      bitsOf(model),
      count(figures.ram),
      `${count(tokensPerSecond)} (${title})`,
      model.use,
    ];
  });
  return markdownTable(
    [['name', 'bytes', 'bits per byte', 'RAM, bytes', 'modelled tokens/s, slowest chip', 'for'], ...cells],
    [0, 5],
  );
}

/** All pages that this script writes, by their path in the repository. */
export async function pages(): Promise<Record<string, string>> {
  const registry = readRegistry();
  const all = registry.models.map((model) => ({ model, tlm: new Uint8Array(readFileSync(shippedTlm(model.name))) }));
  const written: Record<string, string> = {};
  for (const { model, tlm } of all) written[shippedCard(model.name)] = await card(registry, model, tlm);
  const page = join(packageRoot(), PAGE);
  written[page] = fill(readFileSync(page, 'utf8'), 'models', overview(all));
  return written;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1])
  for (const [path, text] of Object.entries(await pages())) writeFileSync(path, text);
