/** The library for Arduino: examples compile without a warning, run on three targets, and tell the C engine's text. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import {
  helloSize,
  PRESS,
  runSketch,
  SketchBuilder,
  TARGETS,
  WAIT,
  writePackage,
  type TargetName,
} from '../scripts/sketches.js';
import { Engine } from '../src/engine/index.js';
import { packageRoot, readWasm } from '../src/node/index.js';
import { modelHeader } from '../src/board/sketch.js';
import { exampleNames, packages } from '../src/node/library.js';
import { modelFile, toolsFor } from './firmware-support.js';

const MODEL = modelFile();
const FOLDER = mkdtempSync(join(tmpdir(), 'tinylm-arduino-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));
const bytes = new Uint8Array(readFileSync(MODEL));
const engine = await Engine.load(readWasm('engine'), bytes);
const LIBRARY = join(FOLDER, 'TinyLM');
writePackage(
  LIBRARY,
  packages({ version: '1.2.3' }, modelHeader(bytes, 'tinylm_model', engine.memoryBytes))['arduino/TinyLM'],
);
const EXAMPLES = join(LIBRARY, 'examples');
const TARGET_NAMES = Object.keys(TARGETS) as TargetName[];
/** Need std::function, a network, or a partition. */
const HOST_ONLY = ['WebStories', 'ModelFromFlash'];

const builders = new Map<TargetName, SketchBuilder>();
/** undefined without the tools, which skips the test loudly. */
function builder(t: TestContext, target: TargetName): SketchBuilder | undefined {
  if (!toolsFor(t, TARGETS[target].tools)) return undefined;
  const made = builders.get(target) ?? new SketchBuilder(target, LIBRARY, join(FOLDER, target));
  builders.set(target, made);
  return made;
}

/** What the C engine tells, as WebAssembly. */
function text(prompt: string, options: { seed: number; maxTokens: number; temperature?: number }): string {
  return [...engine.generate(prompt, options)].join('');
}

test('each example compiles without a warning: the host, RISC-V, Xtensa', (t) => {
  for (const target of TARGET_NAMES) {
    const build = builder(t, target);
    for (const name of build ? exampleNames() : []) {
      if (target === 'host' || !HOST_ONLY.includes(name)) build!.example(join(EXAMPLES, name));
    }
  }
});

for (const target of TARGET_NAMES) {
  test(`SerialChat tells the C engine's text for the same seed: ${target}`, async (t) => {
    const program = builder(t, target)?.example(join(EXAMPLES, 'SerialChat'));
    if (program === undefined) return;
    const long = 'the cat said não to the house and the water of the light. '.repeat(2).trim();
    const said = await runSketch(
      target,
      program,
      `/seed 7\n/length 40\nthe cat\n${WAIT}/temp 130\n/seed 4294967295\nwinter\n` +
        `${WAIT}/temp 0\n${long}\n${WAIT}/temp 1001\n`,
    );
    const [a, b, c] = [
      text('the cat', { seed: 7, maxTokens: 40 }),
      text('winter', { seed: 4294967295, maxTokens: 40, temperature: 1.3 }),
      text(long, { seed: 4294967295, maxTokens: 40, temperature: 0 }),
    ];
    // The speed is not a figure that a test may hold.
    const speedless = said.replaceAll(/\d+ a second/g, 'N a second');
    const told = (prompt: string, story: string, seed: number): string =>
      `${prompt}${story}\r\n[40 tokens, N a second, seed ${seed}]\r\n`;
    assert.equal(
      speedless,
      `Type the beginning of a story.\r\nok\r\nok\r\n${told('the cat', a, 7)}ok\r\nok\r\n` +
        `${told('winter', b, 4294967295)}ok\r\n${told(long, c, 4294967295)}? /seed N, /temp N, /length N, /stop\r\n`,
    );
  });
}

const BEGINNING = 'Once there was a little';
/** The stand-in core's random numbers. */
const RANDOM = 1000;
const LENGTH = 200;

for (const target of TARGET_NAMES) {
  test(`Hello, BringYourOwn and PicoStories tell a story: ${target}`, async (t) => {
    const build = builder(t, target);
    if (!build) return;
    const run = (name: string, script = ''): Promise<string> =>
      runSketch(target, build.example(join(EXAMPLES, name)), script);
    const story = text(BEGINNING, { seed: RANDOM, maxTokens: LENGTH });
    assert.equal(await run('Hello'), BEGINNING + story);
    assert.equal(await run('BringYourOwn'), text('', { seed: RANDOM, maxTokens: LENGTH }));
    assert.equal(
      (await run('PicoStories', 'x')).replace(/\d+ tokens/, 'N tokens'),
      `Send anything for a story.\r\n${BEGINNING}${story}\n[N tokens a second]\r\n`,
    );
  });

  test(`NameMaker: a press, a name: ${target}`, async (t) => {
    const program = builder(t, target)?.example(join(EXAMPLES, 'NameMaker'));
    if (program === undefined) return;
    const name = (seed: number): string => {
      const story = text('Once there was a little girl named', { seed, maxTokens: LENGTH, temperature: 1 });
      return /[A-Za-z\u0080-\uffff]+/.exec(story)![0];
    };
    const names = [0, 1, 2].map((i) => name(RANDOM + i));
    assert.ok(new Set(names).size > 1);
    assert.equal(
      await runSketch(target, program, `${PRESS}xx${PRESS}x${PRESS}x`),
      names.map((n) => `${n}\r\n`).join(''),
    );
  });

  test(`StoryDisplay: each page is the story so far, its words whole: ${target}`, async (t) => {
    const program = builder(t, target)?.example(join(EXAMPLES, 'StoryDisplay'));
    if (program === undefined) return;
    const pages = (await runSketch(target, program, ''))
      .split('--------\n')
      .slice(0, -1)
      .map((page) =>
        page
          .split('\n')
          .slice(0, -1)
          .map((row) => row.slice(1, -1)),
      );
    const story = (BEGINNING + text(BEGINNING, { seed: RANDOM, maxTokens: LENGTH })).split(/\s+/);
    assert.ok(pages.length > 20);
    for (const rows of pages) {
      assert.equal(rows.length, 7);
      for (const row of rows) assert.ok([...row].length <= 21, row);
    }
    // The first page whose last row is in use has the story's first words, each in one piece.
    const full = pages
      .find((rows) => rows[6] !== '')!
      .slice(0, 6)
      .join(' ')
      .split(/\s+/);
    assert.deepEqual(full, story.slice(0, full.length));
  });

  test(`each function of the face: ${target}`, async (t) => {
    const build = builder(t, target);
    if (!build) return;
    const program = build.link('Face', readFileSync(join(packageRoot(), 'arduino/test/Face/Face.ino'), 'utf8'));
    const lines = (await runSketch(target, program, '')).split('\r\n');
    const plain = text('the cat', { seed: 5, maxTokens: 30 });
    const sampler = { temperature: 0.8, seed: 5 };
    assert.deepEqual(
      lines.filter((line) => line.startsWith('NO')),
      [],
    );
    assert.equal(lines.filter((line) => line.startsWith('yes')).length, 12);
    const expected: Record<string, string> = {
      plain,
      printed: plain,
      'on the heap': plain,
      'goes on': conversation(),
      settings: [
        ...engine.generate('house', {
          ...sampler,
          maxTokens: 30,
          topK: 12,
          topP: 0.9,
          repetitionPenalty: 1.3,
          penaltyWindow: 20,
        }),
      ].join(''),
      'stop text': [...engine.generate('house', { ...sampler, stop: 'mu' })].join(''),
    };
    const said = Object.fromEntries(
      lines
        .filter((l) => /^(?!yes|NO)[a-z ]+: /.test(l))
        .map((l) => [l.slice(0, l.indexOf(': ')), l.slice(l.indexOf(': ') + 2)]),
    );
    assert.deepEqual(said, expected);
    assert.deepEqual(
      lines.filter((l) => l.startsWith('|')),
      [
        '|one two|three four|five|',
        '|0123456789|abc||',
        '|0123456789|abcdefghij|k|',
        '|c|d e f g h|i j k|',
        '|não é não|é não é||',
      ],
    );
  });
}

/** A second turn of the conversation that begins with "the cat". */
function conversation(): string {
  const stream = engine.stream({ seed: 5, maxTokens: 30 });
  let out: Uint8Array[] = [];
  for (const prompt of ['the cat', ' the house']) {
    out = [];
    stream.write(new TextEncoder().encode(prompt));
    stream.submit();
    while (stream.poll() !== 'ended') out.push(stream.read());
    out.push(stream.read());
  }
  return Buffer.concat(out).toString();
}

test('WebStories streams what is asked for; ModelFromFlash reads its partition, or says what is wrong', async (t) => {
  const build = builder(t, 'host');
  if (!build) return;
  const web = build.example(join(EXAMPLES, 'WebStories'));
  const said = await runSketch('host', web, `/story?prompt=the cat&seed=9\n${WAIT}/\n`);
  const story = /\[200 text\/plain; charset=utf-8\](.*)‹›/s.exec(said)![1];
  const pieces = story
    .split('›')
    .map((p) => p.slice(1))
    .filter((p) => p !== '');
  assert.equal(pieces.join(''), text('the cat', { seed: 9, maxTokens: LENGTH }));
  assert.ok(pieces.length > 50, 'a piece a token');
  assert.match(said, /\[200 text\/html; charset=utf-8\]<!DOCTYPE html>/);

  const flash = build.example(join(EXAMPLES, 'ModelFromFlash'));
  assert.match(await runSketch('host', flash, ''), /No partition "model"/);
  const partition = (path: string): Promise<string> => runSketch('host', flash, '', { TINYLM_PARTITION: path });
  assert.match(await partition(join(FOLDER, 'none')), /^No model in the partition: not a \.tlm file/);
  assert.equal(await partition(MODEL), BEGINNING + text(BEGINNING, { seed: RANDOM, maxTokens: LENGTH }));
});

/** Limits, not figures: `npm test` prints what was measured. */
const HELLO_LIMIT = { code: 64_000, ram: 3_600 };

test('Hello: what it adds to an empty sketch', (t) => {
  for (const target of ['riscv', 'xtensa'] as const) {
    const build = builder(t, target);
    if (!build) return;
    const { code, ram } = helloSize(build, LIBRARY, bytes.length, engine.memoryBytes);
    t.diagnostic(
      `size: Hello, ${target}, -Os (engine -O3): code ${code}, model ${bytes.length} bytes of flash; ` +
        `RAM ${ram} + ${engine.memoryBytes} for this model`,
    );
    assert.ok(code > 4000 && code < HELLO_LIMIT.code, `${code} bytes of code on ${target}`);
    assert.ok(ram > 500 && ram < HELLO_LIMIT.ram, `${ram} bytes of RAM on ${target}`);
  }
});

test('the library and PicoStories compile for the RP2040 (Cortex-M0+) and the nRF52840 (Cortex-M4)', (t) => {
  if (!toolsFor(t, { clang: 'clang' })) return;
  const sketch = join(FOLDER, 'pico.cpp');
  writeFileSync(sketch, `#include <Arduino.h>\n${readFileSync(join(EXAMPLES, 'PicoStories/PicoStories.ino'), 'utf8')}`);
  const engineSources = readdirSync(join(LIBRARY, 'src/engine')).filter((f) => f.endsWith('.c'));
  const sources = [
    sketch,
    join(LIBRARY, 'src/TinyLM.cpp'),
    ...engineSources.map((f) => join(LIBRARY, 'src/engine', f)),
  ];
  const stubs = join(packageRoot(), 'arduino/test');
  for (const [target, arch] of [
    ['thumbv6m', 'RP2040'],
    ['thumbv7em', 'NRF52'],
  ]) {
    for (const source of sources) {
      const cxx = source.endsWith('.cpp') ? ['-std=gnu++17', '-fno-exceptions', '-fno-rtti'] : [];
      const words = [
        `--target=${target}-none-eabi`,
        '-Os',
        '-ffreestanding',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-DARDUINO=10819',
        `-DARDUINO_ARCH_${arch}`,
        `-I${join(stubs, 'stubs')}`,
        `-I${join(stubs, 'bare')}`,
        `-I${join(LIBRARY, 'src')}`,
        ...cxx,
        '-c',
        source,
        '-o',
        join(FOLDER, 'arm.o'),
      ];
      const run = spawnSync('clang', words, { encoding: 'utf8' });
      assert.deepEqual({ status: run.status, text: run.stderr }, { status: 0, text: '' }, `${target}: ${source}`);
    }
  }
});
