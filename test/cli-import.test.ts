/** `quantize` with files of other programs, from the command line. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { judgeNoise, noiseLevel } from '../src/run/import-check.js';
import { readTlm, writeSafetensors } from '../src/format/index.js';
import { configOf, initModel, reorderGates, tensorsOfModel, type FloatModel } from '../src/model/index.js';
import { loadWeights } from '../src/node/checkpoints.js';
import { BYTE_LETTERS, Tokenizer } from '../src/tokenizer/index.js';
import { tinylm, type Result } from './helpers/cli.js';

describe('quantize: checkpoints and tokenizers of other programs', () => {
  let folder = '';
  const at = (...path: string[]): string => join(folder, ...path);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinylm-import-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const save = (name: string, model: FloatModel, rename = (n: string): string => n): string => {
    writeFileSync(at(name), writeSafetensors(new Map([...tensorsOfModel(model)].map(([n, t]) => [rename(n), t]))));
    return at(name);
  };
  const theirs = (name: string): string =>
    name
      .replace(/^embed/, 'emb')
      .replace(/^rnn/, 'gru')
      .replace(/^fc/, 'head');
  const refused = ({ code, err }: Result, message: RegExp, hint: RegExp, expected = 1): void => {
    assert.match(err, message);
    assert.match(err, hint);
    assert.equal(code, expected, err);
    assert.doesNotMatch(err, /fault of tinylm itself/);
  };
  const random = (vocab: number): FloatModel => initModel(configOf({ vocab, dim: 6, hidden: 8 }), 1);

  it('a list of characters: the rows go with their characters, and the file writes text', async () => {
    const characters = [...'zyxwvutsrqponmlkjihgfedcba\n '];
    const path = save('chars.safetensors', random(characters.length), theirs);
    writeFileSync(at('stoi.json'), JSON.stringify(Object.fromEntries(characters.map((c, i) => [c, i]))));
    const { code, err, out } = await tinylm([
      'quantize',
      path,
      '--tokenizer-from',
      at('stoi.json'),
      '--trits',
      '3',
      '--out',
      at('chars.tlm'),
    ]);
    assert.equal(code, 0, err);
    assert.match(err, /emb\.weight as embed\.weight.*a list of 28 characters/s);
    assert.match(
      out,
      /trits a weight {2}bits a weight[^]*embed\.weight +45 × 6 +3 +\d+\.\d\d[^]*3 trits a weight \(fit\)/,
    );
    const { tokenizer, model } = readTlm(new Uint8Array(readFileSync(at('chars.tlm'))));
    const token = new Tokenizer(tokenizer).encode('a')[0];
    assert.equal(model.config.vocab, 17 + characters.length);
    const row = (tensor: string): number[] => {
      const found = model.tensors.find(({ name }) => name === tensor)!;
      assert.ok(found.kind === 'ternary');
      return [...found.levels.subarray(token * found.cols, (token + 1) * found.cols)].map(Math.sign);
    };
    const { tensors, config } = random(characters.length);
    const id = characters.indexOf('a');
    for (const [name, cols] of [
      ['embed.weight', config.dim],
      ['fc.weight', 8],
    ] as const) {
      const float = tensors.get(name)!.subarray(id * cols, (id + 1) * cols);
      row(name).forEach((sign, i) => assert.ok(sign === 0 || sign === Math.sign(float[i]), name));
    }
  });

  it('trits by group, and what a weight takes, as JSON', async () => {
    const path = save('bytes.safetensors', random(256));
    const { code, out, err } = await tinylm([
      'quantize',
      path,
      '--tokenizer-from',
      'byte',
      '--trits',
      'embed=2,hh=3',
      '--packing',
      't2',
      '--json',
      '--out',
      at('bytes.tlm'),
    ]);
    assert.equal(code, 0, err);
    const { tensors, method } = JSON.parse(out) as {
      method: string;
      tensors: { name: string; trits: number; bitsPerWeight?: number }[];
    };
    assert.equal(method, 'fit');
    assert.deepEqual(
      tensors.filter(({ trits }) => trits > 0).map(({ name, trits }) => [name, trits]),
      [
        ['embed.weight', 2],
        ['rnn.weight_ih_l0', 1],
        ['rnn.weight_hh_l0', 3],
        ['fc.weight', 1],
      ],
    );
    // 8 weights of 2 bits a digit, and a byte a row for its scale.
    assert.equal(tensors.find(({ name }) => name === 'rnn.weight_hh_l0')!.bitsPerWeight, 6 + 1);
    const one = await tinylm(['quantize', path, '--tokenizer-from', 'byte', '--json', '--out', at('one.tlm')]);
    assert.equal((JSON.parse(one.out) as { method: string }).method, 'threshold');
  });

  it('tokenizers that are not the one for this model, or none', async () => {
    const path = save('bytes2.safetensors', random(256));
    const from = (name: string, text: string): Promise<Result> => {
      writeFileSync(at(name), text);
      return tinylm(['quantize', path, '--tokenizer-from', at(name), '--out', at('no.tlm')]);
    };
    refused(await from('few.json', '{"a": 0, "b": 1}'), /has 2 tokens, the model 256/, /trained with/);
    refused(await from('words.json', '{"the": 0, "cat": 1}'), /no single characters, e\.g\. "the"/, /tokenizer\.json/);
    writeFileSync(at('meta.pkl'), Buffer.from('\x80\x04\x95\x10}\x94(\x8c\x04stoi\x94}', 'latin1'));
    refused(
      await tinylm(['quantize', path, '--tokenizer-from', at('meta.pkl')]),
      /meta\.pkl is a pickle of Python/,
      /json\.dump.*meta\.pkl/s,
    );
    const vocab = Object.fromEntries([...BYTE_LETTERS.map((letter, b) => [letter, b]), ['se', 256]]);
    const json = {
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab, merges: ['s e'] },
    };
    writeFileSync(at('tokenizer.json'), JSON.stringify(json));
    const model = save('merge.safetensors', random(257));
    const words = ['quantize', model, '--tokenizer-from', at('tokenizer.json'), '--out', at('merge.tlm')];
    assert.equal((await tinylm(words)).code, 0);
    // GPT-2 cuts 's off at the beginning of a line, whatever follows: not so TinyLM.
    writeFileSync(at('quotes.txt'), "They sing\n'self' and 'seven'.\n".repeat(50));
    refused(
      await tinylm([...words, '--corpus', at('quotes.txt')]),
      /another way than TinyLM's rules do: after "They sing\\n'", at "self/,
      /within a word/,
    );
    assert.ok(!existsSync(at('no.tlm')));
  });

  it('files and folders of other kinds', async () => {
    writeFileSync(at('gru.pt'), 'PK\x03\x04....gru/data.pkl torch._utils');
    refused(await tinylm(['quantize', at('gru.pt')]), /gru\.pt is a file of torch\.save/, /torch\.load\(".*gru\.pt"/);
    refused(await tinylm(['generate', at('gru.pt')]), /torch\.save/, /save_file/);
    writeFileSync(at('pointer.tlm'), 'version https://git-lfs.github.com/spec/v1\n');
    refused(await tinylm(['generate', at('pointer.tlm')]), /Git LFS pointer/, /git lfs pull/);
    mkdirSync(at('hub'));
    writeFileSync(at('hub', 'model.safetensors'), '');
    refused(
      await tinylm(['quantize', at('hub')]),
      /is a folder with model\.safetensors, expected a run folder/,
      /hub.model\.safetensors/,
    );
    refused(await tinylm(['quantize', save('g.safetensors', random(256)), '--map', 'x']), /theirs=ours/, /--help/, 2);
    refused(await tinylm(['quantize', at('g.safetensors'), '--gates', 'rzz']), /no order of the gates/, /zrn/);
  });

  it('a model worse than a coin is an error', () => {
    judgeNoise(7.9, 8, 'as floats', 'x.txt', 'try again');
    assert.throws(() => judgeNoise(8.1, 8, 'as floats', 'x.txt', 'try again'), {
      code: 'import-noise',
      message: /8\.100 bits per byte on x\.txt, worse than a coin/,
      hint: /try again; --force/,
    });
  });

  it('a model worse than tokens drawn blindly is an error too: another tokenizer than its own', async () => {
    const documents = [{ tokens: new Array<number>(99).fill(1), bytes: 400 }];
    assert.equal(noiseLevel(documents, 256), 2);
    assert.equal(noiseLevel([{ tokens: [1, 2, 3], bytes: 3 }], 256), 8);
    const model = random(300);
    // It is sure of what comes next, and wrong.
    const sure = new Map(model.tensors).set(
      'fc.bias',
      Float32Array.from({ length: 300 }, (_, i) => (i === 5 ? 20 : 0)),
    );
    const path = save('sure.safetensors', { ...model, tensors: sure });
    const words = ['quantize', path, '--tokenizer-from', 'stories:en', '--max-bytes', '60K', '--out', at('sure.tlm')];
    refused(
      await tinylm(words),
      /as floats: .* worse than tokens drawn blindly/,
      /tokenizer that the model was trained with/,
    );
    assert.ok(!existsSync(at('sure.tlm')));
  });

  it('gates in another order are named, whether there is a text or none', async () => {
    const run = at('run');
    const { code, err } = await tinylm([
      'train',
      'stories:en',
      '--float',
      '--max-bytes',
      '60K',
      '--tokenizer',
      'byte',
      '--dim',
      '12',
      '--hidden',
      '24',
      '--epochs',
      '12',
      '--batch',
      '8',
      '--segment',
      '32',
      '--out',
      run,
    ]);
    assert.equal(code, 0, err);
    const { model, weights } = loadWeights(join(run, 'best.safetensors'));
    const path = save('zrn.safetensors', reorderGates({ config: model, tensors: weights }, 'zrn'), theirs);
    const words = ['quantize', path, '--tokenizer-from', 'byte', '--out', at('gates.tlm')];
    for (const corpus of [[], ['--corpus', 'stories:en', '--max-bytes', '40K']]) {
      refused(await tinylm([...words, ...corpus]), /not in PyTorch's order r, z, n: .* as z, r, n, /, /--gates zrn/);
      assert.ok(!existsSync(at('gates.tlm')));
    }
    const right = await tinylm([
      ...words,
      '--gates',
      'zrn',
      '--corpus',
      'stories:en',
      '--max-bytes',
      '40K',
      '--trits',
      '3',
    ]);
    assert.equal(right.code, 0, right.err);
    assert.match(right.out, /as floats, .* as ternary integers/);
    const noise = await tinylm([...words, '--force']);
    assert.equal(noise.code, 0, noise.err);
    assert.match(noise.err, /warning: the gates of this checkpoint are not/);
  });
});
