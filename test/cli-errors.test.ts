/** Bad input ends with a message, a hint and an exit code that is not 0, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, describe, it } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { exportModel } from '../src/run/export-model.js';
import { configOf, initModel, tensorsOfModel } from '../src/model/index.js';
import { writeSafetensors } from '../src/format/index.js';
import { byteTable } from '../src/tokenizer/index.js';
import { SMALL, spawned, tinylm, type Result } from './helpers/cli.js';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-errors-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Asserts that a command line was refused as it should be. */
function refused({ code, out, err }: Result, message: RegExp, hint: RegExp, expected = 1): void {
  assert.equal(code, expected, err);
  assert.match(err, /^error: /m);
  assert.match(err, message);
  assert.match(err, /^hint: /m);
  assert.match(err, hint);
  assert.doesNotMatch(err, /^\s+at .*\.[jt]s/m, 'a stack trace');
  assert.equal(out, '');
}

describe('as a process', () => {
  it('an empty corpus', async () => {
    writeFileSync(at('empty.txt'), ' \n\n ');
    refused(await spawned(['train', at('empty.txt'), '--out', at('run-empty')]), /no text found/, /stories:en/);
    refused(await spawned(['train', '-', '--out', at('run-empty')]), /no text found/, /stories:en/);
    assert.ok(!existsSync(at('run-empty')));
  });

  it('a binary corpus', async () => {
    writeFileSync(
      at('noise.bin'),
      Uint8Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? (i * 97) & 255 : 0)),
    );
    refused(
      await spawned(['train', at('noise.bin'), '--out', at('run-bin')]),
      /control bytes, in 5000 bytes/,
      /binary/,
    );
    assert.ok(!existsSync(at('run-bin')));
  });

  it('a model file that is cut off, or none: the message begins with its name', async () => {
    writeFileSync(at('cut.tlm'), new Uint8Array(300));
    refused(await tinylm(['inspect', at('cut.tlm')]), /error: .*cut\.tlm: /, /./);
    writeFileSync(at('not-a-model.txt'), '');
    const { err } = await tinylm(['generate', at('not-a-model.txt')]);
    assert.match(err, /error: .*not-a-model\.txt: not a usable safetensors file: 0 bytes/);
    assert.match(err, /hint: expected a run folder, a \.tlm file or a safetensors checkpoint/);
  });

  it('a vocabulary that is too large', async () => {
    refused(
      await spawned(['train', 'stories:en', '--vocab', '5000', '--out', at('run-vocab')]),
      /5000 tokens, expected at most 4096/,
      /--vocab 4096/,
    );
    assert.ok(!existsSync(at('run-vocab')));
  });

  it('an unwritable folder', async () => {
    writeFileSync(at('file'), '');
    refused(
      await spawned(['train', 'stories:en', ...SMALL, '--epochs', '1', '--out', at('file', 'run')]),
      /cannot be written \(E(NOTDIR|EXIST)\)/,
      /choose another folder/,
    );
    if (process.getuid?.() !== 0) {
      mkdirSync(at('closed'), { mode: 0o500 });
      refused(
        await spawned(['train', 'stories:en', ...SMALL, '--epochs', '1', '--out', at('closed', 'run')]),
        /EACCES/,
        /permissions/,
      );
      chmodSync(at('closed'), 0o700);
    }
  });

  it('an existing run folder', async () => {
    mkdirSync(at('there'));
    writeFileSync(at('there', 'run.json'), '{}');
    refused(await spawned(['train', 'stories:en', '--out', at('there')]), /exists already/, /--resume/);
    refused(await spawned(['demo', '--out', at('there')]), /exists already/, /--resume/);
    assert.equal(readFileSync(at('there', 'run.json'), 'utf8'), '{}');
  });

  it('no words at all but a wrong one', async () => {
    refused(await spawned(['trian']), /unknown command 'trian'\n\(Did you mean train\?\)/, /--help/, 2);
    refused(
      await spawned(['train', '--epoch', '3']),
      /unknown option '--epoch'\n\(Did you mean --epochs\?\)/,
      /train --help/,
      2,
    );
  });
});

describe('in this process', () => {
  it('files of another kind, and none', async () => {
    refused(await tinylm(['train', at('none.txt')]), /no such file/, /stories:en/);
    refused(await tinylm(['generate', at('none')]), /no such file/, /tinylm train/);
    mkdirSync(at('nothing-in-it'));
    refused(await tinylm(['generate', at('nothing-in-it')]), /expected a run folder/, /tinylm train/);
    writeFileSync(at('text.txt'), 'Some text that is no model at all.');
    refused(
      await tinylm(['generate', at('text.txt')]),
      /text\.txt holds text, expected a run folder.*safetensors/,
      /tinylm train/,
    );
    writeFileSync(at('text.tlm'), 'Some text that is no model at all.'.repeat(9));
    refused(await tinylm(['generate', at('text.tlm')]), /magic/, /./);
    refused(await tinylm(['train', 'stories:fr']), /stories in "fr"/, /stories:en/);
    writeFileSync(at('short.txt'), 'Not much text.');
    refused(await tinylm(['train', at('short.txt'), '--out', at('run-short')]), /14 bytes/, /stories:en/);
    writeFileSync(at('bad.jsonl'), '{"story": 1}\n{"story": 2}\n');
    refused(await tinylm(['train', at('bad.jsonl')]), /found the fields story; expected one with text/, /--field/);
    assert.ok(!existsSync(at('run-short')));
  });

  it('a .tlm that was cut off or changed anywhere', async () => {
    const tokenizer = byteTable();
    const model = initModel(configOf({ vocab: 256, dim: 4, hidden: 4, layers: 1, tied: true }), 1);
    const { bytes } = exportModel(model, tokenizer);
    const path = at('cut.tlm');
    for (const length of [0, 1, 4, 63, 64, 100, 500, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      refused(await tinylm(['generate', path]), /bytes, expected|expected/, /./);
    }
    for (let i = 0; i < bytes.length; i += 131) {
      const changed = bytes.slice();
      changed[i] ^= 1 << (i % 8);
      writeFileSync(path, changed);
      refused(await tinylm(['inspect', path]), /expected/, /./);
    }
    writeFileSync(path, bytes);
    assert.equal((await tinylm(['inspect', path])).code, 0);
  });

  it('a checkpoint of another shape', async () => {
    const config = configOf({ vocab: 256, dim: 4, hidden: 6, layers: 1, tied: false });
    const tensors = tensorsOfModel(initModel(config, 1));
    const path = at('gru.safetensors');
    const save = (changes: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array } | undefined>): void => {
      const changed = new Map(tensors);
      for (const [name, value] of changes) {
        if (value) changed.set(name, value);
        else changed.delete(name);
      }
      writeFileSync(path, writeSafetensors(changed));
    };
    const quantize = (): Promise<Result> =>
      tinylm(['quantize', path, '--tokenizer-from', 'byte', '--out', at('q.tlm')]);
    save(new Map());
    assert.equal((await quantize()).code, 0);
    writeFileSync(at('q.tlm'), 'mine');
    refused(await quantize(), /q\.tlm is there already/, /--force/);
    save(new Map([['rnn.weight_hh_l0', { shape: [18, 5], data: new Float32Array(90) }]]));
    refused(await quantize(), /checkpoint of another shape/, /sizes/);
    save(new Map([['lstm.weight', { shape: [1], data: new Float32Array(1) }]]));
    refused(await quantize(), /lstm.weight/, /sizes/);
    save(new Map([['fc.bias', { shape: [256], data: new Float32Array(256).fill(NaN) }]]));
    refused(await quantize(), /fc.bias\[0\] is NaN/, /diverged/);
    save(new Map());
    refused(await tinylm(['quantize', path]), /has no tokenizer/, /--tokenizer-from/, 2);
    refused(await tinylm(['generate', path]), /without a tokenizer/, /quantize/);
    refused(
      await tinylm(['quantize', path, '--tokenizer-from', 'stories:en', '--tokenizer', 'char', '--out', at('r.tlm')]),
      /tokenizer of stories:en has \d+ tokens, the model 256/,
      /trained with/,
    );
    refused(
      await tinylm(['quantize', path, '--tokenizer-from', 'byte', '--out', at('file', 'q.tlm')]),
      /cannot be written/,
      /./,
    );
    assert.ok(!existsSync(at('r.tlm')));
  });

  it('options that cannot be', async () => {
    const wrong: [string[], RegExp, RegExp][] = [
      [['train', '--epochs', '0'], /--epochs.*number of at least|from 0.01/, /train --help/],
      [['train', '--epochs', '2', '--minutes', '2'], /exclude each other/, /one of them/],
      [['train', '--float', '--optimizer', 'muon'], /for ternary weights/, /leave --float or --optimizer out/],
      [['train', '--tied', '--dim', '8', '--hidden', '9'], /--dim 8 and --hidden 9/, /--no-tied/],
      [['train', '--tokenizer', 'byte', '--vocab', '99'], /byte tokenizer has 256/, /--vocab/],
      [['train', '--tokenizer', 'word'], /Allowed choices are byte, char, bpe/, /train --help/],
      [['train', '--resume', at('there'), '--seed', '2'], /options it was started with/, /--threads/],
      [['train', 'a', 'b'], /too many arguments/, /train --help/],
      [['generate'], /missing required argument/, /generate --help/],
      [['generate', 'x', '--temperature', 'hot'], /Expected a number from 0 to 10/, /generate --help/],
      [['sweep'], /nothing to sweep over/, /--dims/],
      [['eval', at('cut.tlm')], /a text to measure on is missing/, /corpus/],
      [['budget', at('cut.tlm'), '--dim', '3'], /exclude each other/, /leave the option out/],
      [
        ['quantize', at('gru.safetensors'), '--method', 'round'],
        /Allowed choices are fit, threshold, sign/,
        /quantize --help/,
      ],
    ];
    for (const [words, message, hint] of wrong) refused(await tinylm(words), message, hint, 2);
    refused(
      await tinylm(['generate', at('cut.tlm'), '--stop', 'x'.repeat(33)]),
      /33 bytes, expected at most 32/,
      /shorter/,
    );
    refused(await tinylm(['train', '--resume', at('none')]), /no such folder/, /tinylm train/);
    refused(await tinylm(['train', '--resume', at('there')]), /does not describe a run/, /train again/);
  });

  it('nothing of all this leaves temporary files', () => {
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.includes('.tmp') || /(^|\/)\./.test(name),
    );
    assert.deepEqual(left, []);
  });
});
