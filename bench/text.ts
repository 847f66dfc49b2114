/**
 * How well models write, beside what they cost: bits per byte over bytes of flash; and what can be counted of a hundred stories by each
 * way of choosing tokens, from which the settings are chosen that go with a model.
 */
import { openSync, readFileSync, readSync, closeSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openEngine } from '../src/cli/engine.js';
import { modelledSpeed } from '../src/cost/index.js';
import { readTlm } from '../src/format/index.js';
import type { EngineModel } from '../src/run/engine-model.js';
import { encodeDocuments, type TokenizedDocument } from '../src/train/index.js';
import { circumstances, spread, type Circumstances } from './measure.js';
import { sharedRuns } from './shared-runs.js';
import { chosen, type Setting } from './sampling-choice.js';
import { factsOf, measureStories, type Story, type StoryFigures, type TextFacts } from './text-measures.js';

export interface TextSetup {
  /** What the models were trained on, and what to measure them on. */
  readonly train: string;
  readonly valid: string;
  /** `.tlm` files. */
  readonly models: readonly string[];
  readonly stories: number;
}

export interface SettingRow extends StoryFigures {
  readonly setting: Setting;
  /** Bits per byte that the largest model gives to what was written. */
  readonly judged: number;
}

export interface SharedFigures {
  /** Characters of the longest run that a story shares with the training text. */
  readonly median: number;
  readonly max: number;
  /** The longest. */
  readonly run: string;
}

export interface TextModel {
  readonly name: string;
  readonly shape: string;
  readonly bytes: number;
  readonly bits: number;
  /** Modelled at QIO 80 MHz, of the slowest of ESP32, S3 and C3. */
  readonly tokensPerSecond: number;
  readonly bytesPerToken: number;
  readonly engineBytes: number;
  readonly grid: readonly SettingRow[];
  readonly chosen: Setting;
  readonly shared: SharedFigures;
  readonly sample: string;
}

export interface TextResults {
  readonly circumstances: Circumstances;
  readonly text: { readonly train: number; readonly valid: number };
  readonly tokens: number;
  /** The held-out text by the same measures. */
  readonly heldOut: StoryFigures & { readonly shared: SharedFigures; readonly judged: number };
  readonly models: readonly TextModel[];
}

/** Most tokens of a story. */
const TOKENS = 512;
const SEPARATOR = '<|endoftext|>';

/** Documents of a file, a piece of it at a time. */
export function* documentsOf(path: string, piece = 1 << 22): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(piece);
    let rest = '';
    for (;;) {
      const n = readSync(file, buffer, 0, piece, null);
      const parts = (rest + decoder.decode(buffer.subarray(0, n), { stream: n > 0 })).split(SEPARATOR);
      rest = n > 0 ? parts.pop()! : '';
      for (const part of parts) if (part.trim() !== '') yield part.trim();
      if (n === 0) return;
    }
  } finally {
    closeSync(file);
  }
}

const TEMPERATURES = [0.4, 0.5, 0.6, 0.7, 0.8] as const;
const CUTS: readonly Pick<Setting, 'topK' | 'topP'>[] = [
  { topK: 40, topP: 1 },
  { topK: 0, topP: 0.9 },
];
const PENALTIES = [1, 1.1, 1.2] as const;
export const SETTINGS: readonly Setting[] = TEMPERATURES.flatMap((temperature) =>
  CUTS.flatMap((cut) => PENALTIES.map((repetitionPenalty) => ({ temperature, ...cut, repetitionPenalty }))),
);

function write(engine: EngineModel, setting: Setting, stories: number): Story[] {
  return Array.from({ length: stories }, (_, i) => {
    const { text, reason } = engine.generate('', { ...setting, seed: i + 1, maxTokens: TOKENS });
    return { text, complete: reason === 'eod' };
  });
}

const JUDGED = 30;

const tokenized = (engine: EngineModel, texts: readonly string[]): TokenizedDocument[] =>
  encodeDocuments(
    engine.tokenizer(),
    texts.filter((t) => t !== ''),
  );

function shared(stories: readonly string[], train: string): SharedFigures {
  const runs = sharedRuns(stories, documentsOf(train));
  const { median, max } = spread(runs.map((r) => r.length));
  return { median, max, run: runs.reduce((a, b) => (b.length > a.length ? b : a)) };
}

const nameOf = (path: string): string =>
  basename(path) === 'model.tlm' ? basename(dirname(path)) : basename(path, '.tlm');

async function measureModel(
  path: string,
  setup: TextSetup,
  held: readonly string[],
  facts: TextFacts,
  most: Pick<StoryFigures, 'looping' | 'repeated'>,
  judge: EngineModel,
  say: (line: string) => void,
): Promise<TextModel> {
  const bytes = readFileSync(path);
  const { config } = readTlm(bytes).model;
  const engine = await openEngine(bytes);
  const documents = tokenized(engine, held);
  const bits = engine.bitsPerByte(documents);
  const name = nameOf(path);
  say(`${name}: ${bytes.length} bytes, ${bits.toFixed(4)} bits per byte`);
  const grid: SettingRow[] = [];
  for (const setting of SETTINGS) {
    const stories = write(engine, setting, setup.stories);
    const figures = measureStories(stories, facts);
    const judged = judge.bitsPerByte(
      tokenized(
        judge,
        stories.slice(0, JUDGED).map((s) => s.text),
      ),
    );
    grid.push({ setting, ...figures, judged });
    say(
      `${name} ${JSON.stringify(setting)}: invented ${(100 * figures.invented).toFixed(2)} %, repeated ${(100 * figures.repeated).toFixed(1)} %, ` +
        `looping ${(100 * figures.looping).toFixed(0)} %, variety ${figures.variety.toFixed(3)}, ended ${figures.ended}, judged ${judged.toFixed(3)}, ` +
        `named ${figures.named.toFixed(2)} new ${figures.newNames.toFixed(2)}`,
    );
  }
  // Top-p does not travel in a file.
  const fits = grid.filter(({ setting }) => setting.topP === 1);
  const best = chosen(fits, bytes.length, most).setting;
  const stories = write(engine, best, setup.stories).map((s) => s.text);
  const speeds = (['esp32', 'esp32s3', 'esp32c3'] as const).map(
    (chip) => modelledSpeed({ config, chip }).tokensPerSecond,
  );
  const text = documents.reduce((n, d) => n + d.bytes, 0);
  return {
    name,
    shape: `${config.vocab} × ${config.dim} × ${config.layers[0].width}`,
    bytes: bytes.length,
    bits,
    tokensPerSecond: Math.min(...speeds),
    bytesPerToken: text / documents.reduce((n, d) => n + d.tokens.length + 1, 0),
    engineBytes: engine.memoryBytes,
    grid,
    chosen: best,
    shared: shared(stories, setup.train),
    sample: stories[0],
  };
}

export async function benchText(setup: TextSetup, say: (line: string) => void): Promise<TextResults> {
  const where = circumstances('npm run bench -- text --text … --held-out … --models …');
  if (setup.models.length === 0) throw new Error('--models is missing: .tlm files, space between them');
  const held = [...documentsOf(setup.valid)];
  say('reading the training text …');
  const facts = factsOf(documentsOf(setup.train));
  const known = measureStories(
    held.map((text) => ({ text, complete: true })),
    facts,
  );
  const [largest] = [...setup.models].sort((a, b) => statSync(b).size - statSync(a).size);
  const judge = await openEngine(readFileSync(largest));
  const judged = judge.bitsPerByte(tokenized(judge, held.slice(0, JUDGED)));
  say(`held-out text: ${JSON.stringify(known)}, judged ${judged.toFixed(3)}`);
  const models: TextModel[] = [];
  for (const path of setup.models) models.push(await measureModel(path, setup, held, facts, known, judge, say));
  return {
    circumstances: where,
    text: { train: statSync(setup.train).size, valid: statSync(setup.valid).size },
    tokens: TOKENS,
    heldOut: { ...known, shared: shared(held.slice(0, setup.stories), setup.train), judged },
    models,
  };
}
