/**
 * The arrows between rooms, made executable: prints each import that goes against them, with the reason, and fails.
 * `npm run build && node dist/scripts/check-imports.js`; test/imports.test.ts calls `checkImports` too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Room {
  /** Rooms whose code may be used. */
  readonly uses: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages; no others. */
  readonly packages?: readonly string[];
  /** Node's own modules may be used. */
  readonly node?: boolean;
  readonly why: string;
}

/** Rooms of the pipeline and what stands on them: bytes in, bytes out, in Node and in browsers. */
const PIPELINE = ['corpus', 'tokenizer', 'model', 'quantize', 'train', 'format', 'reference', 'engine', 'cost'];
const BROWSER = [...PIPELINE, 'device', 'run', 'board'];

/** The pipeline's rooms, in its order. Tests, benchmarks and scripts stand outside and may import anything. */
export const ROOMS: Readonly<Record<string, Room>> = {
  corpus: {
    uses: [],
    packages: [
      'chardet',
      'htmlparser2',
      'hyparquet',
      'hyparquet-compressors',
      'papaparse',
      'postal-mime',
      'subsrt-ts',
      'yaml',
    ],
    why: 'the corpus is bytes in, documents out',
  },
  tokenizer: { uses: [], why: 'a tokenizer knows text and its own table, nothing else' },
  model: { uses: [], packages: ['valibot'], why: 'the model is shapes and float tensors; all others stand on it' },
  quantize: { uses: ['model'], why: 'quantizing goes from a float model to a ternary one, whatever trained it' },
  train: {
    uses: ['corpus', 'tokenizer', 'model', 'quantize'],
    why: 'training ends with float weights; files and engine come after it',
  },
  format: {
    uses: ['model'],
    types: ['quantize', 'tokenizer'],
    why: 'the format turns values into bytes and back by what a model consists of, and must not compute with them',
  },
  reference: {
    uses: ['model', 'quantize', 'tokenizer'],
    types: ['format'],
    why: 'the integer reference is the oracle for the C engine: it must not share code with engine or format',
  },
  engine: {
    uses: ['format'],
    why: 'the engine is the C library as WebAssembly: it takes a blob and needs no other room',
  },
  device: {
    uses: ['format'],
    packages: ['esptool-js', 'fflate', 'valibot'],
    why: 'a device runs whatever blob it is given, over a port that is handed in: it knows no model room',
  },
  cost: {
    uses: ['model'],
    why: 'what a token costs follows from the sizes of a model and facts about chips, nothing else',
  },
  run: {
    uses: PIPELINE,
    packages: ['@noble/hashes', 'valibot'],
    why: 'run is what a training run is, without the disk that it is kept on; it takes kernels, engine and files as they are handed in',
  },
  board: {
    uses: ['device', 'format', 'model', 'run'],
    packages: ['@noble/hashes', 'valibot'],
    why: 'board is a model on a device: whether it fits, how it gets there, what comes out',
  },
  web: {
    uses: BROWSER,
    packages: ['fflate'],
    why: 'web gives the other rooms threads, ports and storage of a browser; it knows neither Node nor the command line',
  },
  node: {
    uses: BROWSER,
    packages: ['hyparquet', 'serialport', 'koffi', 'valibot', 'ws'],
    node: true,
    why: 'node gives the other rooms files, threads, ports and processes; it does not know the command line',
  },
  cli: {
    uses: [...BROWSER, 'node'],
    packages: ['commander', 'cli-progress', 'vega', 'vega-lite', 'valibot', 'ws', '@huggingface/tokenizers'],
    node: true,
    why: 'the command line stands on everything',
  },
};

/** Rooms that run in browsers: tsconfig.web.json compiles them without Node's types. */
export const BROWSER_ROOMS: readonly string[] = [...BROWSER, 'web'];

/**
 * Modules that hold only plain constants, types, bounds, the error class, the reader of records and a turn of the event loop: any room
 * may use them.
 */
const COMMON = [
  'model/errors',
  'model/record',
  'model/limits',
  'model/config',
  'quantize/limits',
  'quantize/types',
  'quantize/uses',
  'tokenizer/table',
  'model/next-task',
];

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Nothing of it is left in the compiled file. */
  readonly typeOnly: boolean;
}

/** The imports, re-exports and dynamic imports of a TypeScript source; commented-out ones do not count. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
  const found: Import[] = [];
  const add = (index: number, specifier: string, typeOnly: boolean): void => {
    found.push({ specifier, line: code.slice(0, index).split('\n').length, typeOnly });
  };
  for (const m of code.matchAll(/^[ \t]*(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*['"]([^'"]+)['"]/gm)) {
    const names = /^\{([\s\S]*)\}$/
      .exec(m[2].trim())?.[1]
      .split(',')
      .map((n) => n.trim())
      .filter((n) => n !== '');
    const allTypes = names !== undefined && names.length > 0 && names.every((n) => n.startsWith('type '));
    add(m.index, m[3], m[1] !== undefined || allTypes);
  }
  for (const m of code.matchAll(/^[ \t]*import\s*['"]([^'"]+)['"]/gm)) add(m.index, m[1], false);
  for (const m of code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)/g))
    add(m.index, m[1], /typeof\s*$/.test(code.slice(0, m.index)));
  return found;
}

/**
 * Why a file of a room may not have this import, or undefined when it may. `target` is relative to src, without
 * extension.
 */
function objection(room: string, target: string | undefined, { specifier, typeOnly }: Import): string | undefined {
  const rule = ROOMS[room];
  if (target === undefined) {
    if (specifier.startsWith('node:'))
      return rule.node ? undefined : 'only node and cli know Node; take bytes or a small interface instead';
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    const allowed = rule.packages ?? [];
    if (allowed.includes(name)) return undefined;
    return `the package ${name} is not one of ${allowed.join(', ') || 'none'}, which ${room} may use`;
  }
  if (target.startsWith('..')) return 'src stands by itself; tests, scripts and benchmarks import it, not the reverse';
  const to = target.split('/')[0];
  if (to === room || COMMON.includes(target) || rule.uses.includes(to)) return undefined;
  if (rule.types?.includes(to))
    return typeOnly ? undefined : `only types of ${to} may be imported (import type): ${rule.why}`;
  return rule.why;
}

/**
 * Checks every TypeScript file below `src`.
 * @returns one line for each import that goes against the arrows; empty when all is well
 */
export function checkImports(src: string): string[] {
  const problems: string[] = [];
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts')) continue;
    const path = join(src, file);
    const room = file.split(/[/\\]/)[0];
    if (ROOMS[room] === undefined) {
      problems.push(`${file}: ${room} is no room; the rooms are ${Object.keys(ROOMS).join(', ')}`);
      continue;
    }
    for (const found of importsOf(readFileSync(path, 'utf8'))) {
      const target = found.specifier.startsWith('.')
        ? relative(src, resolve(path, '..', found.specifier))
            .replace(/\\/g, '/')
            .replace(/\.[jt]s$/, '')
        : undefined;
      const why = objection(room, target, found);
      if (why !== undefined)
        problems.push(`src/${file}:${found.line}: ${room} must not import ${found.specifier}: ${why}`);
    }
  }
  return problems;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const problems = checkImports(resolve('src'));
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0
      ? 'imports: every arrow points the right way'
      : `imports: ${problems.length} against the arrows`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
