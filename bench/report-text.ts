/** The section of RESULTS.md on how well models write. */
import { mostInvented, type Setting } from './sampling-choice.js';
import { PEERS, PEERS_TEXT } from './peers.js';
import type { SettingRow, TextResults } from './text.js';
import { cells } from './trits.js';

const count = (n: number): string => Math.round(n).toLocaleString('en-US');
const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** temperature 0.5, top-k 40, penalty 1.1 */
export function settingWords({ temperature, topK, topP, repetitionPenalty }: Setting): string {
  return [
    `temperature ${temperature}`,
    ...(topK > 0 ? [`top-k ${topK}`] : []),
    ...(topP < 1 ? [`top-p ${topP}`] : []),
    ...(repetitionPenalty > 1 ? [`penalty ${repetitionPenalty}`] : []),
  ].join(', ');
}

const same = (a: Setting, b: Setting): boolean => settingWords(a) === settingWords(b);
const figures = (r: Omit<SettingRow, 'setting'>): string[] => [
  percent(r.invented, 2),
  percent(r.repeated),
  percent(r.looping, 0),
  r.variety.toFixed(2),
  percent(r.named, 0),
  percent(r.newNames, 0),
  `${r.distinct} of ${r.stories}`,
  percent(r.ended / r.stories, 0),
  r.judged.toFixed(2),
];
const FIGURES = [
  'invented words',
  'repeated sentences',
  'stories that loop',
  'variety',
  'first name comes again',
  'new names',
  'different stories',
  'came to an end',
  'judged',
];

export function textSection({ circumstances: c, text, tokens, heldOut, models }: TextResults): string {
  const longest = (s: { median: number; max: number }): string => `${s.median} / ${s.max}`;
  return [
    '## Text',
    '',
    `\`${c.command}\` on ${c.processor}, ${c.cores} cores, ${c.date}: ${count(text.train)} bytes of text that the models were trained on, measured on ` +
      `${count(text.valid)} others, each story from a reset state, in the engine's arithmetic. Speeds are modelled, at QIO 80 MHz, of the slowest of ESP32, S3 and C3.`,
    '',
    cells([
      [
        'model',
        'vocabulary × embedding × hidden',
        'bytes of the .tlm',
        'bits per byte',
        'tokens/s',
        'bytes a token',
        'engine memory, bytes',
      ],
      ...models.map((m) => [
        m.name,
        m.shape,
        count(m.bytes),
        m.bits.toFixed(3),
        count(m.tokensPerSecond),
        m.bytesPerToken.toFixed(2),
        count(m.engineBytes),
      ]),
    ]),
    '',
    PEERS_TEXT,
    '',
    cells([
      ['others', 'bytes of weights', 'bits per byte (their text)', 'RAM beside them', 'tokens/s, measured', 'source'],
      ...PEERS.map((p) => [p.name, count(p.bytes), p.bits.toFixed(3), p.ram, p.speed ?? '', p.source]),
    ]),
    '',
    '![bits per byte over bytes](docs/text-bits.svg)',
    '',
    '### What it writes',
    '',
    `${models[0].grid[0].stories} stories by each model and setting, of ${tokens} tokens at most. Invented: words that the training text does not have. Repeated: sentences ` +
      'of four words and more that the story has said before. A story loops when a run of eight words comes three times. Variety: different runs of four words, as a share. ' +
      "Names: of stories that name someone in their first half, the share where the first name comes again in the second, and the share of the second half's names that are new. " +
      'Judged: bits per byte that the largest model gives to the text. Chosen is the most varied setting with few invented words ' +
      `(${percent(mostInvented(0))} below 50,000 bytes, ${percent(mostInvented(50_000))} from there) and with loops and repeats as rare as in the held-out text, at most 2 %; ` +
      'where none is, the one that is least above those limits.',
    '',
    cells([
      ['who', 'setting', ...FIGURES, 'longest run shared with the training text, characters: median / most'],
      ['held-out text', '', ...figures(heldOut), longest(heldOut.shared)],
      ...models.map((m) => [
        m.name,
        settingWords(m.chosen),
        ...figures(m.grid.find((r) => same(r.setting, m.chosen))!),
        longest(m.shared),
      ]),
    ]),
    '',
    ...models.flatMap((m) => [
      `${m.name}, all settings:`,
      '',
      cells([
        ['setting', ...FIGURES],
        ...m.grid.map((r) => [
          same(r.setting, m.chosen) ? `**${settingWords(r.setting)}**` : settingWords(r.setting),
          ...figures(r),
        ]),
      ]),
      '',
    ]),
  ]
    .join('\n')
    .trimEnd();
}
