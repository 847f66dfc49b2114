import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from './helpers/fast-check.js';
import { textChart } from '../bench/charts.js';
import { settingWords, textSection } from '../bench/report-text.js';
import { chosen, mostInvented } from '../bench/sampling-choice.js';
import { sharedRuns } from '../bench/shared-runs.js';
import { documentsOf, type TextResults } from '../bench/text.js';
import { factsOf, measureStories } from '../bench/text-measures.js';

const TRAIN = [
  'Once there was a girl, Lily. One day Lily saw Tom. Then Tom and Lily saw a cat. "Tom," said Lily, "look!"',
  'My mom and her mom saw Tom and, once more, Lily. Mom saw Lily and Tom and Lily.',
];
const facts = factsOf(TRAIN);
const one = (text: string, complete = true) => measureStories([{ text, complete }], facts);

describe('what is counted of generated stories', () => {
  it('names are large within sentences, and hardly ever small', () =>
    assert.deepEqual([...facts.names].sort(), ['Lily', 'Tom']));

  it('invented words; the last one of an unfinished story does not count', () => {
    const { invented, words, examples } = one('Lily saw a glorp. Then Tom saw a ca', false);
    assert.deepEqual([invented, words, examples], [1 / 8, 8, ['glorp']]);
    assert.equal(one("Tom's cat saw LILY’S glorp's").invented, 1 / 5, "a word with 's is the word");
  });

  it('repeated sentences, of four words and more', () => {
    assert.equal(one('Tom saw a cat. Lily saw Tom once. Tom saw a cat! Look. Look.').repeated, 1 / 3);
  });

  it('a loop is a run of eight words that comes three times', () => {
    const run = 'then tom and lily saw a cat once ';
    assert.equal(one(run.repeat(2)).looping, 0);
    assert.equal(one(run.repeat(3)).looping, 1);
  });

  it('variety falls with each repetition', () => {
    assert.equal(one('a b c d e f').variety, 1);
    assert.equal(one('a b c d a b c d').variety, 4 / 5);
  });

  it('names that stay, and new ones', () => {
    const stays = one('Lily saw a cat. Then Lily saw Tom.');
    assert.deepEqual([stays.named, stays.newNames], [1, 1 / 2]);
    const lost = one('Once Lily saw a cat. Then Tom and Zorb saw.');
    assert.deepEqual([lost.named, lost.newNames], [0, 1]);
  });

  it('nothing at all gives zeros', () => {
    const { invented, repeated, looping, variety } = measureStories([], facts);
    assert.deepEqual([invented, repeated, looping, variety], [0, 0, 0, 0]);
  });
});

it('the longest shared runs are those that a search of every part finds', () => {
  const text = (most: number): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom('a', 'b', 'é', '😀'), { maxLength: most }).map((c) => c.join(''));
  fc.assert(
    fc.property(
      fc.array(text(12), { minLength: 1, maxLength: 4 }),
      fc.array(text(20), { maxLength: 4 }),
      (texts, documents) => {
        sharedRuns(texts, documents).forEach((run, i) => {
          assert.ok(
            run === '' || (texts[i].includes(run) && documents.some((d) => d.includes(run))),
            `${run} is shared`,
          );
          for (let at = 0; at + run.length < texts[i].length; at++)
            assert.ok(
              !documents.some((d) => d.includes(texts[i].slice(at, at + run.length + 1))),
              `longer than ${run}`,
            );
        });
      },
    ),
  );
});

describe('documents of a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-'));
  after(() => rmSync(folder, { recursive: true }));
  it('are the same in pieces of any size', () => {
    const path = join(folder, 'text.txt');
    writeFileSync(path, ' né<|endoftext|>\n<|endoftext|>two\nlines <|endoftext|>last');
    for (const piece of [1, 3, 7, 1000]) assert.deepEqual([...documentsOf(path, piece)], ['né', 'two\nlines', 'last']);
  });
});

describe('the choice of a setting', () => {
  const setting = { temperature: 0.5, topK: 40, topP: 1, repetitionPenalty: 1.1 };
  const row = (temperature: number, invented: number, looping: number, variety: number, named = 0.9) => ({
    setting: { ...setting, temperature },
    invented,
    looping,
    repeated: 0,
    variety,
    named,
  });
  const rows = [
    row(0.4, 0.001, 0.5, 0.3),
    row(0.5, 0.004, 0.01, 0.7),
    row(0.6, 0.02, 0.02, 0.8),
    row(0.8, 0.04, 0, 0.9),
  ];
  const most = { looping: 0, repeated: 0 };
  it('is the most varied within the limits, which follow the bytes', () => {
    assert.equal(chosen(rows, 16_000, most).setting.temperature, 0.6);
    assert.equal(chosen(rows, 100_000, most).setting.temperature, 0.5);
    const forgets = [row(0.4, 0.001, 0, 0.3), row(0.5, 0.001, 0, 0.7, 0.6)];
    assert.equal(chosen(forgets, 100_000, most).setting.temperature, 0.4);
    assert.equal(chosen(forgets, 16_000, most).setting.temperature, 0.5);
    assert.ok(mostInvented(100_000) < mostInvented(16_000));
  });
  it('is the least above them where none is within', () => {
    assert.equal(chosen([rows[0], rows[3]], 16_000, most).setting.temperature, 0.8);
  });
  it('has words', () => assert.equal(settingWords(setting), 'temperature 0.5, top-k 40, penalty 1.1'));

  it('and a section and a picture of it can be made', async () => {
    const figures = { ...one(TRAIN[0]), judged: 1, setting };
    const shared = { median: 3, max: 4, run: 'Lily' };
    const results: TextResults = {
      circumstances: { processor: 'p', cores: 1, node: 'n', date: 'd', loadBefore: 0, command: 'c' },
      text: { train: 1, valid: 1 },
      tokens: 9,
      heldOut: { ...figures, shared },
      models: [
        {
          name: 'mine',
          shape: 's',
          bytes: 16_000,
          bits: 1.5,
          tokensPerSecond: 600,
          bytesPerToken: 2,
          engineBytes: 7000,
          grid: [figures],
          chosen: setting,
          shared,
          sample: '',
        },
      ],
    };
    const section = textSection(results);
    assert.match(section, /\| mine \| s \| 16,000 \| 1\.500 \| 600 \|/);
    assert.match(section, /\*\*temperature 0\.5, top-k 40, penalty 1\.1\*\*/);
    assert.match(await textChart(results), /mine/);
  });
});
