/** Going on from a model: its weights, its tokenizer, another text. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { configOf, initModel, type Trits } from '../src/model/index.js';
import { latentWeights, quantizeModel } from '../src/quantize/index.js';
import { readTlm } from '../src/format/index.js';
import { SMALL, tinylm } from './helpers/cli.js';
import { prose } from './helpers/small-texts.js';

for (const trits of [1, 2, 3] as Trits[])
  it(`latent weights of ${trits} trits become the same levels and scales again`, () => {
    const config = configOf({
      vocab: 40,
      dim: 12,
      hidden: 24,
      trits,
      ngrams: [{ order: 2, rows: 64, width: 4 }],
      cache: 64,
    });
    for (const seed of [1, 2, 3]) {
      const { model } = quantizeModel(initModel(config, seed), { threshold: 0.5 });
      const again = quantizeModel(latentWeights(model), { threshold: 0.5 }).model;
      for (const [i, tensor] of model.tensors.entries()) {
        const other = again.tensors[i];
        if (tensor.kind !== 'ternary' || other.kind !== 'ternary') {
          assert.deepEqual(other, tensor);
          continue;
        }
        assert.deepEqual(other.levels, tensor.levels, tensor.name);
        tensor.mantissas.forEach((m, row) => {
          const [a, b] = [m / 2 ** tensor.scaleShift, other.mantissas[row] / 2 ** other.scaleShift];
          assert.ok(
            Math.abs(a - b) <= 0.01 * a + 2 ** -other.scaleShift,
            `${tensor.name} row ${row}: ${a} became ${b}`,
          );
        });
      }
    }
  });

interface Point {
  readonly step: number;
  readonly valid: number;
}
interface Record {
  readonly from?: string;
  readonly options: { readonly ternary: boolean; readonly learningRate: number; readonly model: object };
  readonly corpus: { spec: string };
}

describe('train --from', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const history = (run: string): Point[] => JSON.parse(readFileSync(join(at(run), 'history.json'), 'utf8')) as Point[];
  const record = (run: string): Record => JSON.parse(readFileSync(join(at(run), 'run.json'), 'utf8')) as Record;
  const WASM = ['--backend', 'wasm', '--threads', '1', '--json'];
  const ok = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await tinylm(words);
    assert.equal(code, 0, err);
    return out;
  };
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tinylm-from-'));
    writeFileSync(at('other.txt'), prose(12_000).text);
    await ok(
      'train',
      'stories:en',
      ...SMALL,
      '--trits',
      'embed=2,ih=2,hh=1,head=3',
      '--steps',
      '80',
      '--out',
      at('run'),
      ...WASM,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('begins where a .tlm stands, to 0.01 bits per byte, and gets better on a new text', async () => {
    const tlm = join(at('run'), 'model.tlm');
    await ok('train', at('other.txt'), '--from', tlm, '--steps', '60', '--out', at('a'), ...WASM);
    const points = history('a');
    assert.equal(points[0].step, 0);
    // The run's own validation part, by the engine: the model's own bits per byte.
    const read = JSON.parse(await ok('eval', tlm, at('other.txt'), '--json', '--all')) as { bitsPerByte: number };
    assert.ok(Number.isFinite(read.bitsPerByte));
    await ok('train', 'stories:en', '--max-bytes', '40K', '--from', tlm, '--steps', '1', '--out', at('b'), ...WASM);
    const own = JSON.parse(await ok('eval', at('run'), '--json')) as { bitsPerByte: number };
    assert.ok(
      Math.abs(history('b')[0].valid - own.bitsPerByte) <= 0.01,
      `${history('b')[0].valid}, the model itself ${own.bitsPerByte}`,
    );
    assert.ok(points.at(-1)!.valid < points[0].valid - 0.3, 'it learns the new text');
    assert.equal(record('a').from, tlm);
    assert.deepEqual(record('a').options.model, record('run').options.model);
    assert.ok(record('a').options.learningRate < record('run').options.learningRate);
    const [a, b] = [join(at('a'), 'model.tlm'), tlm].map((path) => readTlm(new Uint8Array(readFileSync(path))));
    assert.deepEqual(a.tokenizer, b.tokenizer);
  });

  it('a finished run is trained further on its own text; --resume of it says so', async () => {
    await ok('train', '--from', at('run'), '--steps', '40', '--out', at('c'), ...WASM);
    assert.equal(record('c').corpus.spec, 'stories:en');
    assert.ok(Math.abs(history('c')[0].valid - Math.min(...history('run').map((p) => p.valid))) < 1e-6);
    assert.ok(history('c').at(-1)!.valid < history('c')[0].valid);
    const { code, err } = await tinylm(['train', '--resume', at('run'), '--threads', '1', '--json']);
    assert.equal(code, 0, err);
    assert.match(err, /run is finished, at step 80: .*tinylm train --from/);
  });

  it('float weights that lost much as ternary ones win it back', async () => {
    await ok(
      'train',
      'stories:en',
      ...SMALL,
      '--hidden',
      '32',
      '--float',
      '--steps',
      '400',
      '--out',
      at('float'),
      ...WASM,
    );
    const said = await tinylm([
      'quantize',
      at('float'),
      '--corpus',
      'stories:en',
      '--max-bytes',
      '40K',
      '--out',
      at('q.tlm'),
      '--threads',
      '1',
    ]);
    assert.equal(said.code, 0, said.err);
    assert.match(said.err, /loses .* bits per byte/);
    assert.match(said.err, /--trits 2/);
    assert.match(said.err, /tinylm train my-text\.txt --from/);
    await ok('train', '--from', at('float'), '--steps', '150', '--out', at('back'), ...WASM);
    assert.equal(record('back').options.ternary, true);
    const float = Math.min(...history('float').map((p) => p.valid));
    const [lost, won] = [history('back')[0].valid, Math.min(...history('back').map((p) => p.valid))];
    assert.ok(lost - float > 0.3, `made ternary it loses ${lost - float}`);
    assert.ok(won - float < 0.5 * (lost - float), `float ${float}, ternary ${lost}, trained on ${won}`);
  });

  it('says what it cannot do together', async () => {
    const tlm = join(at('run'), 'model.tlm');
    for (const [words, expected] of [
      [
        ['train', at('other.txt'), '--from', tlm, '--hidden', '20', '--size', '16K'],
        /has its own shape and tokenizer, and --hidden, --size would/,
      ],
      [['train', '--from', tlm], /a text to train on is missing/],
      [['train', at('other.txt'), '--from', tlm, '--trits', '2'], /its own digits a weight/],
      [['train', at('other.txt'), '--tokenizer-from', tlm], /--tokenizer-from belongs to --from/],
      [['train', at('other.txt'), '--size', '16K', '--dim', '20'], /--size picks the shape, and --dim would/],
      [['train', at('other.txt'), '--steps', '16', '--epochs', '2'], /--epochs and --steps exclude/],
    ] as const) {
      const { code, err } = await tinylm(words);
      assert.equal(code, 2, err);
      assert.match(err, expected);
    }
  });
});
