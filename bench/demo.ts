/** How coherent the stories of `tinylm demo` are, from every seed and build: the worst of them is what a reader may get. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinylmJson } from './cli.js';
import { circumstances, spread, type Circumstances } from './measure.js';

/** One run. */
export interface DemoRow {
  readonly setting: string;
  readonly build: string;
  readonly seed: number;
  readonly coherent: number;
  readonly sentences: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly bits: number;
}

export interface DemoResults {
  readonly circumstances: Circumstances;
  readonly rows: readonly DemoRow[];
}

const SEEDS = [1, 2, 3, 4, 5] as const;

/** A build of the kernels: what to ask for, and the compiler's words. */
interface Build {
  readonly backend: string;
  readonly compiler?: string;
}
const NATIVE: Build = { backend: 'native' };
/** As WebAssembly, for this processor, and without its widest vectors, where it has them. */
const BUILDS: readonly Build[] = [{ backend: 'wasm' }, NATIVE, { backend: 'native', compiler: 'cc -mno-avx512f' }];

interface Setting {
  readonly name: string;
  readonly command: readonly string[];
  readonly builds: readonly Build[];
}

const SETTINGS: readonly Setting[] = [
  { name: 'tinylm demo', command: ['demo'], builds: BUILDS },
  {
    name: 'the setting that TinyLM began with: one trit a weight, vocabulary 256',
    command: 'train stories:en --vocab 256 --dim 32 --hidden 64 --trits 1 --epochs 20'.split(' '),
    builds: [NATIVE],
  },
];

async function one({ name, command }: Setting, build: Build, seed: number): Promise<DemoRow> {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-demo-'));
  try {
    const words = [...command, '--seed', `${seed}`, '--backend', build.backend, '--out', join(folder, 'run')];
    const figures = await tinylmJson<{
      tlmBytes: number;
      grammar: { coherent: number; sentences: number };
      training: { seconds: number; backend: string };
      quality: { exported: number };
    }>(words, build.compiler === undefined ? {} : { TINYLM_CC: build.compiler });
    return {
      setting: name,
      build: figures.training.backend,
      seed,
      coherent: figures.grammar.coherent,
      sentences: figures.grammar.sentences,
      seconds: figures.training.seconds,
      bytes: figures.tlmBytes,
      bits: figures.quality.exported,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function benchDemo(say: (line: string) => void): Promise<DemoResults> {
  const where = circumstances('npm run bench -- demo');
  const rows: DemoRow[] = [];
  for (const setting of SETTINGS)
    for (const build of setting.builds)
      for (const seed of SEEDS) {
        const row = await one(setting, build, seed);
        rows.push(row);
        say(
          `${setting.name}, ${row.build}, seed ${seed}: ${row.coherent} of ${row.sentences} coherent, ${row.seconds.toFixed(0)} s`,
        );
      }
  return { circumstances: where, rows };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A section of RESULTS.md. */
export function demoSection({ rows }: DemoResults, circumstances: string): string {
  const groups = new Map<string, DemoRow[]>();
  for (const row of rows) {
    const key = `${row.setting} | ${row.build}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups].map(([key, of]) => {
    const shares = spread(of.map((r) => r.coherent / r.sentences));
    const bits = spread(of.map((r) => r.bits));
    const seconds = spread(of.map((r) => r.seconds));
    return (
      `| ${key} | ${of.length} | ${percent(shares.min)} to ${percent(shares.max)} | ${of[0].bytes.toLocaleString('en-US')} | ` +
      `${bits.min.toFixed(3)} to ${bits.max.toFixed(3)} | ${seconds.min.toFixed(0)} to ${seconds.max.toFixed(0)} s |`
    );
  });
  return [
    '## The built-in stories',
    '',
    `Sentences of 100 generated stories that the grammar of the built-in stories accepts in their story. ${circumstances}`,
    '',
    '| setting | trainer | seeds | coherent | bytes | bits per byte | training |',
    '|---|---|---:|---:|---:|---:|---:|',
    ...lines,
  ].join('\n');
}
