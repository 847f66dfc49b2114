/** `tinylm simulate`: the text, the figures, and the board at an address. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { totalOf } from '../src/device/chip/counts.js';
import { countTokens } from '../src/device/chip/count-tokens.js';
import { DeviceClient } from '../src/device/client.js';
import { TcpTransport } from '../src/node/ports/network.js';
import { EXIT } from '../src/cli/errors.js';
import { readPrebuilt } from '../src/node/prebuilt.js';
import { board, ended, ok } from './helpers/board.js';
import { inFolder, spawned, tinylm } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { atTerminal } from './helpers/terminal.js';
import { fileBytes, modelFile, toolsFor, vector } from './firmware-support.js';

const PROMPT = 'the cat não';
const MODEL = modelFile();
const OTHER = vector('bpe-33-17');

describe('simulate', () => {
  it('writes what generate writes, whatever the settings', async () => {
    for (const words of [
      ['--seed', '7', '--tokens', '60'],
      ['-t', '1.3', '--top-p', '0.9', '--top-k', '0', '--repetition-penalty', '1.4', '--no-echo', '--stop', 'q'],
    ]) {
      const [chip, wasm] = await Promise.all(
        ['simulate', 'generate'].map((verb) =>
          tinylm([verb, MODEL, '--prompt', `${PROMPT}\\n`, ...words, ...(verb === 'simulate' ? ['--no-report'] : [])]),
        ),
      );
      assert.equal(ok(chip).out, ok(wasm).out);
      assert.ok(chip.out.length > 10);
    }
  });

  it('states what a token costs: counted, in RAM, modelled', async () => {
    const words = ['simulate', MODEL, '--prompt', PROMPT, '--seed', '7', '-n', '50', '--json'];
    const { out, err } = ok(await tinylm(words));
    assert.match(err, /writing program[^]*verified[^]*writing model[^]*verified/);
    const { text, tokens, report } = JSON.parse(out) as { text: string; tokens: number; report: Report };
    assert.equal(text, (await loadEngineModel(MODEL)).text(PROMPT, { seed: 7, length: 50 }));
    assert.equal(tokens, 50);
    const { ram, instructions, counted, modelled } = report;
    assert.ok(ram.total <= 32_768 && ram.stackUsed > 0 && ram.stackUsed < ram.stack && ram.engine <= ram.engineLimit);
    assert.equal(instructions, totalOf(counted.classes as never));
    assert.equal(report.instructionsPerWeight, instructions / report.weights);
    assert.deepEqual(
      modelled.map((row) => row.chip),
      ['esp32', 'esp32s3', 'esp32c3'],
    );
    const c3 = modelled[2].speeds[0];
    assert.equal(c3.inputs.counted, true);
    assert.equal(c3.inputs.lines, counted.dataLines + counted.codeLines);
    const say = async (...more: string[]): Promise<string> =>
      ok(await tinylm(['simulate', OTHER, '--prompt', 'a', '-n', '5', ...more])).err;
    const said = await say();
    assert.match(
      said,
      /Counted on the virtual ESP32-C3[^]*instructions for each of the[^]*RAM as the device states it/,
    );
    assert.match(said, /Modelled tokens\/s, never measured on a chip; [^]*ESP32-C3, this image +\d/);
    assert.doesNotMatch(said, /Its inputs/);
    assert.ok(said.slice(said.indexOf('Counted')).split('\n').length < 12, 'short');
    const all = await say('--verbose');
    assert.match(all, /ESP32-C3 +160 +[\d,]+ counted/);
    assert.match(all, /Its inputs[^]*ESP32-C3: .*; cycles a line 168 \(QIO 80 MHz\)/);
  });

  it("counts what the device's own counter counts", async () => {
    const flash = new Uint8Array(4 << 20).fill(0xff);
    const { image, about } = readPrebuilt();
    flash.set(image);
    flash.set(fileBytes(MODEL), about.model.offset);
    const total = totalOf(countTokens(flash).classes);
    const { running, option } = await board([MODEL, '--tcp', '0']);
    const { out } = ok(await spawned(['chat', ...option, '--bench', '16', '--json']));
    const { counter, per_token: each } = JSON.parse(out) as { counter: string; per_token: number };
    assert.equal(counter, 'cycles'); // an instruction is a cycle of the virtual chip
    // The counter leaves out the loop around the token: a few hundred instructions.
    assert.ok(each < total && each > 0.98 * total, `${each} of ${total}`);
    await ended(running);
  });

  it('says what is missing', async () => {
    for (const [words, pattern] of [
      [[], /expected a model/],
      [[OTHER, '--json'], /give --prompt/],
      [['--pty', '--tcp', '0'], /both --pty and --tcp/],
      [[OTHER, '--pty', '--prompt', 'a'], /tinylm chat --prompt/],
      [['--tcp', '70000'], /whole number from 0 to 65535/],
    ] as const) {
      const { code, err } = await tinylm(['simulate', ...words]);
      assert.equal(code, EXIT.usage, err);
      assert.match(err, pattern);
    }
    assert.match((await tinylm(['simulate', vector('bad/crc'), '--prompt', 'a'])).err, /CRC-32/);
  });

  it('answers prompts from a pipe', async () => {
    const { out } = ok(await spawned(['simulate', OTHER, '--seed', '7', '-n', '9', '--no-report'], 'abc\n'));
    const expected = (await loadEngineModel(OTHER)).text('abc', { seed: 7, length: 9 });
    assert.equal(out.trimEnd(), expected.trimEnd());
  });

  it('talks to a person at a terminal, then states what a token costs', async (t) => {
    if (!toolsFor(t, { socat: 'socat' })) return;
    await inFolder(async (folder) => {
      const person = await atTerminal(['simulate', OTHER, '--seed', '7', '-n', '9'], { XDG_STATE_HOME: folder });
      try {
        await person.seen(/\/help lists the commands/);
        person.type('abc\r');
        await person.seen(/seed 7/);
        person.type('/quit\r');
        await person.seen(/Counted on the virtual ESP32-C3[^]*Modelled tokens\/s/);
        assert.equal(await person.code, 0);
      } finally {
        person.close();
      }
    });
  });

  it('serves the board at a TCP port, to one program at a time', async () => {
    const { running, option } = await board([OTHER, '--tcp', '0']);
    const port = (): TcpTransport => new TcpTransport('127.0.0.1', Number(option[1].split(':').at(-1)), connect);
    const first = new DeviceClient(port());
    await first.open();
    assert.equal((await first.info()).model.state, 'ready');
    const second = new DeviceClient(port(), { timeoutMs: 2000 });
    await second.open();
    await assert.rejects(second.info());
    assert.equal((await first.info()).model.state, 'ready');
    await second.close();
    await first.close();
    assert.equal((await ended(running)).out, `${option[1]}\n`);
  });
});

interface Report {
  readonly ram: Record<'total' | 'stack' | 'stackUsed' | 'engine' | 'engineLimit', number>;
  readonly instructions: number;
  readonly weights: number;
  readonly instructionsPerWeight: number;
  readonly counted: { readonly classes: object; readonly dataLines: number; readonly codeLines: number };
  readonly modelled: { chip: string; speeds: { inputs: { counted: boolean; lines: number } }[] }[];
}
