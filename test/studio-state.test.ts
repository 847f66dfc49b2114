/** The studio's states as data: what leads where, what is open when, and that both languages say the same things. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REMARK_CODES } from '../src/corpus/index.js';
import { configOf, defaultConfig } from '../src/model/index.js';
import { shape } from '../src/run/shape.js';
import { DEVICE_ERRORS } from '../src/device/protocol.js';
import { packageRoot } from '../src/node/assets.js';
import { BROWSER_ROOMS } from '../scripts/check-imports.js';
import { errorWords } from '../studio/i18n/en-errors.js';
import { en } from '../studio/i18n/en.js';
import { pt } from '../studio/i18n/pt.js';
import { CHIP, type ChipEvent, type ChipState } from '../studio/state/chip-machine.js';
import { next, unreachable, type Machine } from '../studio/state/machine.js';
import { busy, RUN, type RunEvent, type RunState } from '../studio/state/run-machine.js';
import { expectedBits } from '../studio/state/expected.js';
import { closed, done, openStep, STEPS, type Facts } from '../studio/state/steps.js';

/** Follows events; ends in words where one means nothing. */
function follow<S extends string, E extends string, G extends string, A extends string>(
  machine: Machine<S, E, G, A>,
  events: readonly E[],
  facts: Readonly<Record<G, boolean>>,
): { state: S; does: A[] } | string {
  let state = machine.initial;
  const does: A[] = [];
  for (const event of events) {
    const step = next(machine, state, event, facts);
    if (step === undefined) return `${event} means nothing in ${state}`;
    state = step.state;
    does.push(...step.does);
  }
  return { state, does };
}
const train = (...events: RunEvent[]): ReturnType<typeof follow> => follow(RUN, events, { hasText: true });
const flash = (...events: ChipEvent[]): ReturnType<typeof follow> =>
  follow(CHIP, events, { hasModel: true, modelThere: true });

test('a run: begins with a text, pauses, goes on, ends with a model', () => {
  assert.deepEqual(train('start', 'started', 'pause', 'paused', 'resume', 'ended'), {
    state: 'ended',
    does: ['clear', 'callStart', 'callPause', 'callResume', 'showModel', 'listRuns'],
  });
  assert.equal(follow(RUN, ['start'], { hasText: false }), 'start means nothing in idle');
  assert.deepEqual(train('restore', 'started', 'stop', 'ended'), {
    state: 'ended',
    does: ['clear', 'callRestore', 'callStop', 'showModel', 'listRuns'],
  });
  assert.equal(train('start', 'started', 'start'), 'start means nothing in running');
  assert.equal(train('start', 'started', 'pause', 'pause'), 'pause means nothing in pausing');
  // A run that ends while it is to pause has ended.
  assert.deepEqual(train('start', 'started', 'pause', 'ended'), {
    state: 'ended',
    does: ['clear', 'callStart', 'callPause', 'showModel', 'listRuns'],
  });
  assert.deepEqual(train('start', 'failed', 'again'), {
    state: 'idle',
    does: ['clear', 'callStart', 'listRuns', 'clear', 'listRuns'],
  });
});

test('a run that holds the trainer can always end, and be told from one that does not', () => {
  for (const state of Object.keys(RUN.states) as RunState[]) {
    assert.equal(busy(state), RUN.states[state].ended !== undefined, state);
    assert.equal(busy(state), RUN.states[state].failed !== undefined, state);
  }
});

test('a chip: chosen, asked, written, woken, talked to', () => {
  assert.deepEqual(flash('chooseVirtual', 'chosen', 'silent', 'detected', 'flash', 'flashed', 'answers'), {
    state: 'talking',
    does: ['startVirtual', 'callInfo', 'callDetect', 'compareFit', 'callFlash', 'callInfo'],
  });
  assert.deepEqual(flash('choose', 'chosen', 'answers', 'talk'), {
    state: 'talking',
    does: ['askPort', 'callInfo', 'compareFit'],
  });
  assert.deepEqual(flash('choose', 'notChosen', 'choose', 'chosen'), {
    state: 'asking',
    does: ['askPort', 'askPort', 'callInfo'],
  });
  assert.equal(
    follow(CHIP, ['choose', 'chosen', 'answers', 'flash'], { hasModel: false, modelThere: false }),
    'flash means nothing in ready',
  );
  assert.equal(
    follow(CHIP, ['choose', 'chosen', 'answers', 'talk'], { hasModel: true, modelThere: false }),
    'talk means nothing in ready',
  );
  // Flashed, but no model is there: back to what to write.
  assert.deepEqual(
    follow(CHIP, ['choose', 'chosen', 'answers', 'flash', 'flashed', 'answers'], { hasModel: true, modelThere: false }),
    { state: 'ready', does: ['askPort', 'callInfo', 'compareFit', 'callFlash', 'callInfo', 'compareFit'] },
  );
});

test('a chip that goes away is trouble from every state that has one, and there is a way on', () => {
  for (const state of Object.keys(CHIP.states) as ChipState[]) {
    if (['start', 'noPort', 'trouble'].includes(state)) continue;
    assert.deepEqual(
      next(CHIP, state, 'lost', { hasModel: true, modelThere: true }),
      { state: 'trouble', does: ['closePort'] },
      state,
    );
  }
  for (const state of ['trouble', 'noPort', 'start'] as const)
    assert.equal(next(CHIP, state, 'choose', { hasModel: true, modelThere: true })?.state, 'choosing', state);
});

test('every state can be reached', () => {
  assert.deepEqual(unreachable(RUN), []);
  assert.deepEqual(unreachable(CHIP), []);
});

test('steps open in their order, and a link to a closed one leads to the nearest before it', () => {
  const nothing: Facts = { text: false, run: false, stored: false, model: false };
  assert.deepEqual(
    STEPS.map((s) => closed(s, nothing)),
    [undefined, 'needs-text', 'needs-text', 'needs-model', 'needs-model'],
  );
  assert.deepEqual(
    STEPS.map((s) => openStep(s, nothing)),
    ['text', 'text', 'text', 'text', 'text'],
  );
  assert.equal(openStep('chip', { text: true, run: false, stored: false, model: false }), 'train');
  assert.equal(openStep('train', { text: false, run: true, stored: true, model: false }), 'train');
  assert.equal(openStep('train', { text: false, run: false, stored: true, model: false }), 'train');
  assert.equal(openStep('try', { text: false, run: false, stored: false, model: true }), 'try');
  assert.equal(openStep('nowhere', { text: true, run: true, stored: true, model: true }), 'text');
  assert.deepEqual(
    STEPS.filter((s) => done(s, { text: true, run: true, stored: true, model: true })),
    ['text', 'size', 'train'],
  );
  assert.deepEqual(
    STEPS.filter((s) => done(s, { text: false, run: false, stored: false, model: true })),
    [],
  );
});

test('expected quality lies on a line between what was measured, and nowhere else', () => {
  const points = [
    { bytes: 10_000, bits: 2 },
    { bytes: 40_000, bits: 1.5 },
    { bytes: 160_000, bits: 1 },
  ];
  const at = (bytes: number): number | undefined => expectedBits(bytes, points);
  assert.deepEqual(
    points.map(({ bytes }) => at(bytes)),
    [2, 1.5, 1],
  );
  assert.ok(Math.abs(at(20_000)! - 1.75) < 1e-9 && Math.abs(at(80_000)! - 1.25) < 1e-9);
  assert.deepEqual([at(9000), at(9800), at(165_000), at(170_000)], [undefined, 2, 1, undefined]);
  assert.equal(expectedBits(1000, []), undefined);
});

/** Every path of a tree of words, with what stands there. */
function paths(tree: unknown, at = ''): string[] {
  if (typeof tree !== 'object' || tree === null) return [`${at}: ${typeof tree}`];
  return Object.entries(tree).flatMap(([key, value]) => paths(value, `${at}.${key}`));
}

test('both languages have the same words, and no sentence was left in English', () => {
  assert.deepEqual(paths(pt).sort(), paths(en).sort());
  const english = new Map(leaves(en));
  const same = leaves(pt)
    .filter(([path, text]) => english.get(path) === text && text.split(' ').length > 2)
    .map(([path]) => path);
  assert.deepEqual(same, []);
});

function leaves(tree: unknown, at = ''): [string, string][] {
  if (typeof tree === 'string') return [[at, tree]];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => leaves(value, `${at}.${key}`));
}

test('each remark on a text has words in both languages, with its values and without the command line', () => {
  const values = {
    count: 1234,
    encoding: 'KOI8-R',
    line: 7,
    kept: 3,
    sample: 'a b',
    share: 0.25,
    taken: 5,
    left: 6,
    kind: 'markdown',
    name: 'story',
    noun: 'field',
    unit: 'line',
    mark: '</s>',
    why: 'not JSON',
    first: 'line 3',
    found: 'Ã©',
    meant: 'é',
    what: 'html',
  };
  for (const words of [en, pt])
    for (const code of REMARK_CODES) {
      const text = (words.remarks[code] as (values: object) => string)(values);
      assert.ok(text.length > 10 && !/undefined|NaN|--/.test(text), `${words.lang} ${code}: ${text}`);
    }
  for (const code of REMARK_CODES)
    assert.notEqual(
      (en.remarks[code] as (values: object) => string)(values),
      (pt.remarks[code] as (values: object) => string)(values),
    );
});

test('how documents were found is said in both languages, for every form that the corpus room has', () => {
  const src = join(packageRoot(), 'src', 'corpus');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(src, name), 'utf8'))
    .join('\n');
  const forms = [
    ...[...sources.matchAll(/\bwords(?: =|:|: words \?\?) ['`]([^'`]+)['`]/g)].map(([, form]) => form),
    ...[...sources.matchAll(/\b(?:found\([^'`\n]*|lines\(|blocks\()['`]([^'`\n]+)['`]/g)].map(([, form]) => form),
  ]
    .filter((form) => /^[a-z]+($| )/.test(form))
    .map((form) => form.replaceAll(/\$\{[^}]*\}/g, 'X'));
  assert.ok(forms.length >= 14, forms.join(' | '));
  for (const form of new Set(forms)) {
    assert.notEqual(pt.how(form), form, form);
    assert.doesNotMatch(en.how(`${form}; --split lines would make 2 documents`), /--/);
  }
});

/** Codes of rooms that run in browsers, and why none of them comes to the page: it does not do this. */
const NOT_ON_THE_PAGE: Readonly<Record<string, string>> = {
  'cost-input': 'speeds of widths that no model has',
  elf: 'a firmware given as an ELF file',
  segment: 'a firmware given as an ELF file',
  'import-gates': "another program's checkpoint",
  'import-noise': "another program's checkpoint",
  'inspect-tensor': 'tinylm inspect',
  'models-registry': 'the registry is built into the page',
  'reference-tensor': 'the oracle is for tests',
  'reference-token': 'the oracle is for tests',
  'shape-text': 'said beside its field',
};

test('every code that can come to the page has words there, and they name nothing of the command line but whole commands', () => {
  const src = join(packageRoot(), 'src');
  const codes = new Set<string>();
  for (const room of BROWSER_ROOMS)
    for (const name of readdirSync(join(src, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const text = readFileSync(join(src, room, name), 'utf8');
      for (const [, code] of text.matchAll(/\b(?:\w*Error|fail|refuse)\(\s*'([a-z][a-z0-9-]*)'/g)) codes.add(code);
      for (const [, code] of text.matchAll(/\b(?:code: |super\()'([a-z]+(?:-[a-z0-9]+)*)'/g)) codes.add(code);
    }
  for (const name of DEVICE_ERRORS) codes.add(`device-${name}`);
  assert.ok(codes.size > 100, `${codes.size}`);
  for (const { lang, errors } of [en, pt]) {
    const silent = [...codes].filter(
      (code) => !(code in NOT_ON_THE_PAGE) && errorWords(errors.table, code) === undefined,
    );
    assert.deepEqual(silent, [], lang);
    for (const [code, { title, next: what }] of Object.entries(errors.table))
      assert.doesNotMatch(`${title} ${what}`.replaceAll(/“tinylm [^”]*”/g, ''), /--[a-z]/, code);
  }
  assert.deepEqual(
    Object.keys(NOT_ON_THE_PAGE).filter((code) => !codes.has(code)),
    [],
  );
});

test('every code that the page has words for is one that something throws', () => {
  const src = join(packageRoot(), 'src');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(src, name), 'utf8'))
    .join('\n');
  const thrown = (code: string): boolean =>
    sources.includes(`'${code}'`) || DEVICE_ERRORS.some((name) => code === `device-${name}`);
  const family = (name: string): boolean => sources.includes(`'${name}-`);
  assert.deepEqual(
    Object.keys(en.errors.table).filter(
      (code) => code !== 'unknown' && !(code.includes('-') ? thrown(code) : thrown(code) || family(code)),
    ),
    [],
  );
});

test('the shape of any model is said in Portuguese, too', () => {
  const ngrams = [{ order: 2, rows: 1024, width: 10 }];
  for (const config of [{}, { trits: 2, cache: 256, ngrams } as const, { dim: 64, tied: true }].map((o) =>
    configOf({ ...defaultConfig(), ...o }),
  )) {
    assert.equal(en.size.shapeOf(shape(config)), shape(config));
    assert.doesNotMatch(pt.size.shapeOf(shape(config)), /vocabulary|tied|table|of|a weight/, shape(config));
  }
});
