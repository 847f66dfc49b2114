/**
 * Makes the files of vectors/ from the TypeScript reference. Run from the repository root; vectors/README.md has
 * the format. Files of version 1 of the format stay as they are: nothing writes it any more.
 */
import { configOf } from '../src/model/index.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeTlm } from '../src/format/index.js';
import { quantizeModel } from '../src/quantize/index.js';
import { ReferenceEngine, Sampler, writeSnapshot, type SamplerOptions } from '../src/reference/index.js';
import { tableVocab, Tokenizer, trainTokenizer, type TokenizerTable } from '../src/tokenizer/index.js';
import { badFiles } from './vector-bad.js';
import { lively, vectorModels, type VectorModel } from './vector-models.js';

const hex = (bytes: Uint8Array): string => (bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex'));

/** Texts and broken bytes to encode. */
const TEXTS: readonly Uint8Array[] = [
  '',
  'a',
  ' ',
  '  a  b',
  'aab baa',
  'Once upon a time there was a little cat.',
  'A menina não tinha pão, avó!',
  'the\nthe\r\n\tthe',
  'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz',
  ` ${'ã'.repeat(40)}`,
  `${'a'.repeat(31)}ã${'b'.repeat(31)}€x`,
  '€ 𝄞 \u0000 \uFEFFx',
  'aaaa aaaaa cat cat cat',
]
  .map((text) => new TextEncoder().encode(text))
  .concat(
    [
      [0xc3],
      [0xc3, 0x28],
      [0xe2, 0x82],
      [0xe2, 0x82, 0x41],
      [0xf0, 0x9d, 0x84],
      [0xff, 0xfe, 0x80, 0x41],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0x20, 0xc3, 0xa3, 0x80, 0x61],
      [0x61, 0xc3, 0xc3, 0xa3],
    ].map((bytes) => Uint8Array.from(bytes)),
  );

const SAMPLERS: readonly Required<SamplerOptions>[] = [
  { temperature: 0, topK: 0, topP: 0, penalty: 1024, penaltyWindow: 0, seed: 1 },
  { temperature: 0, topK: 0, topP: 0, penalty: 1536, penaltyWindow: 64, seed: 1 },
  { temperature: 256, topK: 0, topP: 0, penalty: 1024, penaltyWindow: 0, seed: 1 },
  { temperature: 205, topK: 5, topP: 0, penalty: 1024, penaltyWindow: 0, seed: 42 },
  { temperature: 256, topK: 0, topP: 29491, penalty: 1024, penaltyWindow: 0, seed: 4294967295 },
  { temperature: 300, topK: 8, topP: 26214, penalty: 1331, penaltyWindow: 16, seed: 123456789 },
  { temperature: 2560, topK: 0, topP: 32768, penalty: 4096, penaltyWindow: 3, seed: 0 },
  { temperature: 13, topK: 1, topP: 1, penalty: 1024, penaltyWindow: 64, seed: 7 },
];

/** Tokens to feed: eod, then ones spread over the vocabulary, with eod once more in the middle. */
function tokensFor(vocab: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i === 0 || i === count >> 1 ? 0 : (i * 7919 + 13) % vocab));
}

/** Tokens that come again and again, so that a cache has something to find; eod first, and once more late. */
function recurringTokens(vocab: number): number[] {
  return Array.from({ length: 56 }, (_, i) => (i === 0 || i === 40 ? 0 : (1 + ((i * i + (i >> 3)) % 5)) % vocab));
}

function decodeLine(table: TokenizerTable, tokens: readonly number[]): string {
  const decoder = new Tokenizer(table).stream();
  const parts = tokens.map((token) => `${token} ${hex(decoder.pushBytes(token))}`);
  return ['decode', tokens.length, ...parts, hex(decoder.endBytes())].join(' ');
}

/** The expected results beside a blob. */
function expected(vector: VectorModel): string {
  const { model, tokenizer: table } = vector;
  const { vocab, cache } = model.config;
  const lines = [`# ${vector.about}`];
  const engine = new ReferenceEngine(model);
  const fed = cache > 0 ? recurringTokens(vocab) : tokensFor(vocab, vocab > 200 ? 10 : 24);
  for (const token of fed) lines.push(['step', token, ...engine.step(token)].join(' '));
  const tokenizer = new Tokenizer(table);
  for (const bytes of TEXTS) {
    const tokens = tokenizer.encode(bytes);
    lines.push(['encode', hex(bytes), tokens.length, ...tokens].join(' '));
    lines.push(decodeLine(table, [...tokens]));
  }
  lines.push(decodeLine(table, tokensFor(vocab, 40)));
  lines.push(
    decodeLine(
      table,
      [1, 2, 3, 0, 4, 5, vocab - 1, 6, 13, 4, 11, 4, 13, 4, 11, 4, 15, 16, 1].map((t) => t % vocab),
    ),
  );
  for (const options of SAMPLERS) {
    const sampler = new Sampler(options);
    const prompt = [...tokenizer.encode('a cat')].slice(0, 6);
    engine.reset();
    let logits = engine.step(model.eod);
    for (const token of prompt) logits = engine.step(token);
    const drawn: number[] = [];
    while (drawn.length < 24) {
      drawn.push(sampler.sample(logits, engine.recent));
      logits = engine.step(drawn[drawn.length - 1]);
    }
    const { temperature, topK, topP, penalty, penaltyWindow, seed } = options;
    lines.push(
      [
        'sample',
        temperature,
        topK,
        topP,
        penalty,
        penaltyWindow,
        seed,
        prompt.length,
        ...prompt,
        drawn.length,
        ...drawn,
      ].join(' '),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A line of snapshot.txt: `drawn` tokens are drawn and fed after eod and the prompt, then the state is saved. */
function snapshotLine(
  name: string,
  vector: VectorModel,
  blob: Uint8Array,
  options: Required<SamplerOptions>,
  drawn: number,
): string {
  const { model, tokenizer: table } = vector;
  const engine = new ReferenceEngine(model);
  const sampler = new Sampler(options);
  const prompt = [...new Tokenizer(table).encode('a cat')].slice(0, 6);
  let logits = engine.step(model.eod);
  for (const token of prompt) logits = engine.step(token);
  for (let i = 0; i < drawn; i++) logits = engine.step(sampler.sample(logits, engine.recent));
  const crc = new DataView(blob.buffer, blob.byteOffset + blob.length - 4).getUint32(0, true);
  const { temperature, topK, topP, penalty, penaltyWindow, seed } = options;
  return [
    name,
    temperature,
    topK,
    topP,
    penalty,
    penaltyWindow,
    seed,
    prompt.length,
    ...prompt,
    drawn,
    hex(writeSnapshot(engine, sampler.generator, crc)),
  ].join(' ');
}

/** A small file of a given width, to make bad ones from. */
function goodForBad(dim: number): Uint8Array {
  const tokenizer = trainTokenizer(['aaabaab aaabaab aaba aab aaaab aabaaã ãab ãab'], { kind: 'bpe', vocab: 28 });
  const config = configOf({
    vocab: tableVocab(tokenizer),
    dim,
    trits: { hh: 2 },
    ngrams: [{ order: 2, rows: 16, width: 3 }],
    layers: [
      { kind: 'gru', width: 2 },
      { kind: 'glu', width: 3 },
    ],
  });
  const { model } = quantizeModel(lively(config, 9, 1), { threshold: 0.7, biasBytes: 1, scaleBytes: dim > 64 ? 2 : 1 });
  return writeTlm({
    model,
    tokenizer,
    metadata: { name: 'xy' },
    packing: (name) => (name === 'embed.weight' ? 't2' : 'b3'),
  });
}

/** A file with so many merges that an index follows them. */
function largeForBad(): Uint8Array {
  const word = (i: number): string =>
    `${'abcdefghijklmnopqrstuvwxyz'[i % 26]}${'aeiou'[i % 5]}${'bcdfghjklmnp'[(i * 7) % 12]}${i}`;
  const tokenizer = trainTokenizer([Array.from({ length: 3000 }, (_, i) => word(i)).join(' ')], {
    kind: 'bpe',
    vocab: 1032,
  });
  const config = configOf({ vocab: tableVocab(tokenizer), dim: 1, hidden: 1 });
  return writeTlm({ model: quantizeModel(lively(config, 9, 1), { biasBytes: 1 }).model, tokenizer });
}

/** Every file of vectors/ by its path below it. */
export function makeVectors(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const snapshots: string[] = [];
  for (const vector of vectorModels()) {
    const { name, model, tokenizer, packing } = vector;
    const blob = writeTlm({ model, tokenizer, packing, metadata: { name } });
    files.set(`v2/${name}.tlm`, blob);
    files.set(`v2/${name}.txt`, new TextEncoder().encode(expected(vector)));
    // Nothing drawn, a few, and more than the 64 recent tokens that are kept.
    snapshots.push(
      snapshotLine(name, vector, blob, SAMPLERS[0], 0),
      snapshotLine(name, vector, blob, SAMPLERS[5], 24),
      snapshotLine(name, vector, blob, SAMPLERS[6], 100),
    );
  }
  files.set('v2/snapshot.txt', new TextEncoder().encode(`${snapshots.join('\n')}\n`));
  const bad = badFiles(goodForBad(6), goodForBad(301), largeForBad());
  for (const { name, bytes } of bad) files.set(`v2/bad/${name}.tlm`, bytes);
  const index = bad.map(({ name, code }) => `${name} ${code} ${code.replace('tlm-', 'TLM_E_').toUpperCase()}\n`);
  files.set('v2/bad/index.txt', new TextEncoder().encode(index.join('')));
  return files;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [path, bytes] of makeVectors()) {
    mkdirSync(dirname(`vectors/${path}`), { recursive: true });
    writeFileSync(`vectors/${path}`, bytes);
  }
}
