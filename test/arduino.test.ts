/** The library for Arduino: examples compile without a warning for three targets, run there, and tell the C engine's text. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { runSketch, SketchBuilder, TARGETS, WAIT, writePackage, type TargetName } from '../scripts/sketches.js';
import { Engine } from '../src/engine/index.js';
import { readWasm } from '../src/node/index.js';
import { exampleNames, modelHeader, packages } from '../src/node/library.js';
import { modelFile, toolsFor } from './firmware-support.js';

const MODEL = modelFile();
const FOLDER = mkdtempSync(join(tmpdir(), 'tinylm-arduino-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));
const bytes = new Uint8Array(readFileSync(MODEL));
const engine = await Engine.load(readWasm('engine'), bytes);
const LIBRARY = join(FOLDER, 'TinyLM');
writePackage(LIBRARY, packages({ version: '1.2.3' }, modelHeader(bytes, 'tinylm_model', engine.memoryBytes))[
  'arduino/TinyLM']);
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
    const said = await runSketch(target, program,
      `/seed 7\n/length 40\nthe cat\n${WAIT}/temp 130\n/seed 4294967295\nwinter\n${WAIT}/temp 0\n${long}\n${WAIT}/temp 1001\n`);
    const [a, b, c] = [
      text('the cat', { seed: 7, maxTokens: 40 }),
      text('winter', { seed: 4294967295, maxTokens: 40, temperature: 1.3 }),
      text(long, { seed: 4294967295, maxTokens: 40, temperature: 0 }),
    ];
    // The speed is not a figure that a test may hold.
    const speedless = said.replaceAll(/\d+ a second/g, 'N a second');
    const told = (prompt: string, story: string, seed: number): string =>
      `${prompt}${story}\r\n[40 tokens, N a second, seed ${seed}]\r\n`;
    assert.equal(speedless, `Type the beginning of a story.\r\nok\r\nok\r\n${told('the cat', a, 7)}ok\r\nok\r\n` +
      `${told('winter', b, 4294967295)}ok\r\n${told(long, c, 4294967295)}? /seed N, /temp N, /length N, /stop\r\n`);
  });
}
