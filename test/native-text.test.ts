/** The engine natively: the same text as the WebAssembly build, and the example of its README. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildRunner, compile, inTemporaryFolder, missing, variants } from '../scripts/test-native.js';
import { Engine, samplerOptions, type NaturalSamplerOptions } from '../src/engine/index.js';
import { packageRoot, readWasm } from '../src/node/assets.js';
import { vectorBytes, vectorNames, vectorPath } from '../scripts/vectors.js';
import { available, variant } from './native-support.js';

/** 20 prompts, each with its own options and seed. */
const CASES: readonly (NaturalSamplerOptions & { prompt: string; maxTokens: number })[] = [
  'Once upon a time',
  '',
  'a',
  'the little dog',
  'Hello, world!\n',
  'É uma vez um menino',
  '  two  spaces  ',
  '1234567890',
  'one very long prompt '.repeat(20),
  'tab\there',
  'quote "inside"',
  '€ and 😀',
  'ends with space ',
  '\n\n',
  'UPPER lower',
  'a.b,c;d',
  'ab'.repeat(40),
  'x',
  'He said',
  'the end',
].map((prompt, i) => ({
  prompt,
  maxTokens: 80 + i * 7,
  temperature: [0.8, 0, 1, 1.3, 0.5][i % 5],
  topK: [40, 0, 5, 0][i % 4],
  topP: [0, 0.9, 0.95][i % 3],
  repetitionPenalty: [1, 1.2][i % 2],
  seed: 1000003 * i,
}));

test('WebAssembly and native builds generate the same bytes for 20 prompts and seeds, on every model', async (t) => {
  const built = variants.filter((v) => ['gcc', 'gcc-m32', 'clang'].includes(v.name) && missing(v) === undefined);
  if (built.length === 0 && !available(t, variant('gcc'))) return;
  const wasm = await WebAssembly.compile(readWasm('engine'));
  await inTemporaryFolderAsync(async (folder) => {
    const runners = built.map((v) => buildRunner(v, folder));
    for (const model of vectorNames) {
      const path = vectorPath(model);
      const engine = await Engine.load(wasm, vectorBytes(model));
      for (const [i, { prompt, maxTokens, ...natural }] of CASES.entries()) {
        const expected = Buffer.concat([...engine.generateBytes(prompt, { ...natural, maxTokens })]);
        const o = samplerOptions(natural);
        const args = [o.temperature, o.topK, o.topP, o.penalty, o.penaltyWindow, o.seed, maxTokens].map(String);
        // The first compiler always; the others, and the reference kernel, in turn.
        const others = [...runners.slice(1).map((r) => [r]), [runners[0], 'reference']];
        for (const [runner, ...kernel] of [[runners[0]], others[i % others.length]]) {
          const got = execFileSync(runner, [path, prompt, ...args, ...kernel]);
          assert.ok(
            got.equals(expected),
            `${model}, "${prompt}": ${got.toString('hex')} is not ${expected.toString('hex')}`,
          );
        }
      }
    }
  });
});

/** As `inTemporaryFolder`, for a body that waits. */
async function inTemporaryFolderAsync(body: (folder: string) => Promise<void>): Promise<void> {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const folder = await mkdtemp(join(tmpdir(), 'tinylm-native-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('the native program refuses a damaged model and says where', (t) => {
  const gcc = variant('gcc');
  if (!available(t, gcc)) return;
  inTemporaryFolder((folder) => {
    const runner = buildRunner(gcc, folder);
    const damaged = vectorBytes(vectorNames[0]);
    damaged[200] ^= 4;
    const path = join(folder, 'damaged.tlm');
    writeFileSync(path, damaged);
    const { status, stderr, stdout } = spawnSync(runner, [path, 'a'], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /CRC-32 does not match \(byte \d+: found \d+, expected \d+\)/);
    assert.equal(stdout, '');
  });
});

test('the example of engine/README.md compiles without a warning and prints text', (t) => {
  const gcc = variant('gcc');
  if (!available(t, gcc)) return;
  const readme = readFileSync(join(packageRoot(), 'engine', 'README.md'), 'utf8');
  const example = /```c\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(example, 'an example in C');
  inTemporaryFolder((folder) => {
    const source = join(folder, 'example.c');
    writeFileSync(source, example);
    copyFileSync(vectorPath('v1/byte-64-b3'), join(folder, 'model.tlm'));
    compile(gcc, [source], join(folder, 'example'));
    const { status, stdout } = spawnSync(join(folder, 'example'), [], { cwd: folder });
    assert.equal(status, 0);
    assert.ok(stdout.length > 20, `${stdout.length} bytes`);
  });
});
