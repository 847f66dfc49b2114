/** `tinylm export --arduino` and `--platformio`: folders that compile and tell the model's text. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSketch, SketchBuilder, TARGETS, type TargetName } from '../scripts/sketches.js';
import { BOARDS } from '../src/cli/sketch-project.js';
import { SMALL, toolsFor } from './firmware-support.js';
import { inFolder, tinylm } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';

/** What the chat of such a folder says on a target. */
async function chat(target: TargetName, library: string, sketch: string, include: string, out: string): Promise<void> {
  const build = new SketchBuilder(target, library, out);
  const program = build.link('Exported', readFileSync(sketch, 'utf8'), include);
  const said = await runSketch(target, program, '/seed 3\n/length 25\nthe cat\n');
  const text = (await loadEngineModel(SMALL)).text('the cat', { seed: 3, length: 25 });
  assert.match(said, /\[25 tokens, \d+ a second, seed 3\]/);
  assert.ok(said.includes(`the cat${text}\r\n`), said);
}

test('a sketch folder compiles for RISC-V and goes on with a text', (t) =>
  inFolder(async (folder) => {
    if (!toolsFor(t, TARGETS.riscv.tools)) return;
    const sketch = join(folder, 'My-Stories');
    const { code, out, err } = await tinylm(['export', SMALL, '--arduino', sketch, '--chip', 'esp32c3']);
    assert.equal(code, 0, err);
    assert.match(out, /My-Stories\.ino +[\d,]+ bytes\n/);
    assert.match(err, /open .*My-Stories\.ino in the Arduino IDE/);
    assert.match(
      readFileSync(join(sketch, 'sketch.yaml'), 'utf8'),
      new RegExp(`^default_fqbn: ${BOARDS.esp32c3.fqbn}$`, 'm'),
    );
    await chat('riscv', sketch, join(sketch, 'My-Stories.ino'), sketch, join(folder, 'out'));
  }));

test('a PlatformIO project compiles for Xtensa and goes on with a text', (t) =>
  inFolder(async (folder) => {
    if (!toolsFor(t, TARGETS.xtensa.tools)) return;
    const project = join(folder, 'project');
    const { code, err } = await tinylm(['export', SMALL, '--platformio', project]);
    assert.equal(code, 0, err);
    const ini = readFileSync(join(project, 'platformio.ini'), 'utf8');
    assert.match(
      ini,
      /^\[env:esp32\]\nplatform = espressif32\nboard = esp32dev\nframework = arduino\nmonitor_speed = 115200\n$/,
    );
    await chat(
      'xtensa',
      join(project, 'lib/TinyLM'),
      join(project, 'src/main.cpp'),
      join(project, 'include'),
      join(folder, 'out'),
    );
  }));

test('each board has its folder; what a person changed is not overwritten', () =>
  inFolder(async (folder) => {
    for (const chip of Object.keys(BOARDS)) {
      const words = ['export', SMALL, '--platformio', join(folder, chip), '--chip', chip, '--json'];
      const { code, out } = await tinylm(words);
      assert.equal(code, 0);
      const { files } = JSON.parse(out) as { files: { file: string; bytes: number }[] };
      for (const { file, bytes } of files) assert.equal(readFileSync(file).length, bytes);
      assert.match(
        readFileSync(join(folder, chip, 'platformio.ini'), 'utf8'),
        new RegExp(`^board = ${BOARDS[chip as 'esp32'].board}$`, 'm'),
      );
    }
    const main = join(folder, 'esp32', 'src', 'main.cpp');
    writeFileSync(main, '// mine\n');
    const again = ['export', SMALL, '--platformio', join(folder, 'esp32')];
    assert.match(
      (await tinylm(again)).err,
      /main\.cpp is there already, with other content\nhint: choose another folder, or --force/,
    );
    assert.equal(readFileSync(main, 'utf8'), '// mine\n');
    assert.equal((await tinylm([...again, '--force'])).code, 0);
    assert.notEqual(readFileSync(main, 'utf8'), '// mine\n');
  }));

test('what cannot be asked together, and names that are none', () =>
  inFolder(async (folder) => {
    const refused = async (...words: string[]): Promise<string> => {
      const { code, err } = await tinylm(['export', SMALL, ...words]);
      assert.equal(code, 2);
      return err;
    };
    const at = join(folder, 'x');
    assert.match(await refused('--arduino', at, '--platformio', at), /both --arduino and --platformio/);
    assert.match(await refused('--arduino', at, '--header'), /--header with a project/);
    assert.match(await refused('--arduino', join(folder, 'my stories')), /"my stories" is no name for a sketch/);
    assert.match(await refused('--arduino', at, '--chip', 'esp8266'), /esp8266/);
    assert.ok(!existsSync(at));
  }));
