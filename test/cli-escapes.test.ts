/** Control sequences in foreign text never reach a terminal: names, fields, reasons, a model's own symbols. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { exportModel } from '../src/run/export-model.js';
import { reportError } from '../src/cli/errors.js';
import { readHistory } from '../src/cli/line-editor.js';
import { barLine } from '../src/cli/progress-bar.js';
import { makeTerminal, markdownTable, styled, table, type Stream } from '../src/cli/terminal.js';
import { statusLines } from '../src/cli/device-text.js';
import { visible, visibleJson, visibleLine } from '../src/cli/visible.js';
import type { DeviceStatus } from '../src/device/index.js';
import { writeSafetensors } from '../src/format/index.js';
import { configOf, initModel, TinyLMError } from '../src/model/index.js';
import { trainTokenizer } from '../src/tokenizer/index.js';
import { FAKE_STATUS } from './helpers/fake-device.js';
import { inFolder, tinylm } from './helpers/cli.js';

/** A title, a colour, C1's CSI, DEL, a carriage return, an override of the direction. */
const NASTY = 'a\x1b]0;PWNED\x07\x1b[31mred\x9b31m\x7f\rb\u202ec';
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** A terminal that remembers. */
function screen(isTTY: boolean): { stream: Stream; text: () => string } {
  let text = '';
  const decoder = new TextDecoder();
  const write = (more: string | Uint8Array): boolean => {
    text += typeof more === 'string' ? more : decoder.decode(more, { stream: true });
    return true;
  };
  return { stream: { write, once: () => undefined, isTTY, columns: 80 }, text: () => text };
}

describe('the filter', () => {
  it('escapes what commands a terminal, and nothing else', () => {
    assert.doesNotMatch(visible(NASTY), CONTROL);
    assert.equal(visible('\x1b[1m'), '\\x1b[1m');
    assert.equal(visible('\u202e'), '\\u202e');
    const fine = 'Olá,\t“mundo”\n你好 🙂 עברית العربية\u200d';
    assert.equal(visible(fine), fine);
    assert.equal(visibleLine('a\nhint: b'), 'a\\x0ahint: b');
    assert.doesNotMatch(visibleJson({ a: NASTY }), CONTROL);
    assert.deepEqual(JSON.parse(visibleJson({ a: NASTY })), { a: NASTY }, 'the value stays');
  });

  it('stands before everything that a terminal gets, but for styles of our own', async () => {
    const { stream, text } = screen(true);
    const terminal = makeTerminal(stream, stream);
    terminal.note(NASTY);
    terminal.out(NASTY);
    terminal.warn(NASTY);
    terminal.json({ NASTY });
    terminal.jsonLine({ NASTY });
    terminal.out(table([[NASTY], ['b']]));
    reportError(new TinyLMError('x', `${NASTY}\nhint: all is well`, NASTY), terminal);
    reportError(new Error(NASTY), terminal);
    const bytes = new TextEncoder().encode(NASTY);
    for (const byte of bytes) await terminal.stream(Uint8Array.of(byte));
    await terminal.stream(NASTY);
    terminal.note(styled('dim', NASTY));
    assert.doesNotMatch(text().replace(/\x1b\[(2|22|31|39|33)m/g, ''), CONTROL);
    assert.doesNotMatch(text(), /PWNED\x07/);
    assert.doesNotMatch(text(), /^hint: all is well/m, 'a line end in a message is no line of ours');
  });

  it('lets a generated text through to a file byte by byte', async () => {
    const { stream, text } = screen(false);
    await makeTerminal(stream, stream).stream(NASTY);
    assert.equal(text(), NASTY);
  });

  it('stands before tables in files, bars and the history', () =>
    inFolder(async (folder) => {
      assert.doesNotMatch(markdownTable([[NASTY]]), CONTROL);
      assert.doesNotMatch(barLine(0.5, [NASTY], 80), CONTROL);
      writeFileSync(join(folder, 'history'), `one\n${NASTY}\ntwo\n`);
      assert.deepEqual(readHistory(join(folder, 'history')), ['one', 'two']);
    }));
});

describe('foreign text', () => {
  it('of a device: every field', () => {
    const status = {
      ...FAKE_STATUS,
      version: NASTY,
      model: { ...FAKE_STATUS.model, tokenizer: NASTY, packing: NASTY, crc: NASTY },
      device: { [NASTY]: NASTY, chip: `x\nhint: run this` },
    } as unknown as DeviceStatus;
    const lines = statusLines(status);
    for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  it("of a checkpoint: a tensor's name in an error", () =>
    inFolder(async (folder) => {
      const path = join(folder, `${'a'}\x1b[2J.safetensors`);
      const tensor = { shape: [2, 2], data: new Float32Array(4) };
      writeFileSync(path, writeSafetensors(new Map([[`embed\x1b]0;PWNED\x07`, tensor]])));
      const { code, err, out } = await tinylm([
        'quantize',
        path,
        '--tokenizer-from',
        'byte',
        '--out',
        join(folder, 'x'),
      ]);
      assert.equal(code, 1);
      assert.doesNotMatch(err + out, CONTROL);
    }));

  it('of a model: ESC among its symbols, in a table and in the report', () =>
    inFolder(async (folder) => {
      mkdirSync(join(folder, 'm'));
      const tokenizer = trainTokenizer(['\x1b[31m red \x07 text '.repeat(20)], { kind: 'char', vocab: 40 });
      const vocab = tokenizer.base.length + tokenizer.merges.length;
      const model = initModel(configOf({ vocab, dim: 8, hidden: 8, layers: 1, tied: false }), 1);
      const path = join(folder, 'm', 'm.tlm');
      writeFileSync(path, exportModel(model, tokenizer, { about: { corpus: NASTY } }).bytes);
      for (const words of [
        ['inspect', path],
        ['inspect', path, '--json'],
        ['generate', path, '--json', '--tokens', '80'],
      ]) {
        const { out, err } = await tinylm(words);
        assert.doesNotMatch(out + err, CONTROL, words.join(' '));
      }
      const { out } = await tinylm(['generate', path, '--tokens', '200', '--temperature', '2']);
      const { stream, text } = screen(true);
      await makeTerminal(stream, stream).stream(out);
      assert.match(out, /\x1b/, 'the model does write ESC');
      assert.doesNotMatch(text(), CONTROL);
      assert.ok(readFileSync(path).length > 0);
    }));
});

describe('a bar', () => {
  it('keeps speed and time left at 60 columns and fewer', () => {
    const words = ['bits per byte 1.234', 'epoch 12.3/15.0', '1,234,567 tokens/s', '12 min 30 s left'];
    for (const columns of [200, 100, 80, 60, 50]) {
      const line = barLine(0.4, words, columns);
      assert.ok(line.length < columns, `${line.length} of ${columns}`);
      assert.ok(line.includes('tokens/s') && line.includes('left'), line);
      assert.match(line, /^█+░+ /);
    }
    assert.ok(barLine(1, words, 10).length < 10);
    assert.ok(barLine(0.4, words, 200).includes('bits per byte'));
  });
});
