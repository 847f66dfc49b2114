import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { checkStory, generateStories, utf8Bytes, type StoryLang } from '../src/corpus/index.js';

const LANGS: readonly StoryLang[] = ['en', 'pt'];

const LILY = [
  'Lily was a kind girl. Lily had a red ball.',
  'One day, Lily lost the ball. She was very sad. Lily looked under the bed. Lily asked her mom for help.',
  'Then Lily saw the ball near the gate. Lily gave her mom a big hug. Lily was very happy.',
].join('\n');

const BIA = [
  'Bia era uma menina gentil. Bia tinha uma boneca bonita.',
  'Um dia, Bia brincou com Nina. Nina disse: "Vamos brincar com a boneca!" Bia disse: "Não!" Nina ficou muito triste.',
  'Então Bia deu a boneca para Nina. Bia e Nina brincaram com a boneca. Bia e Nina viraram boas amigas.',
].join('\n');

test('every generated story is coherent and in order', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(...LANGS), (seed, lang) => {
      for (const story of generateStories({ lang, seed, count: 20 })) {
        const check = checkStory(story, lang, { complete: true });
        assert.deepEqual(check.reasons, [], story);
        assert.equal(check.share, 1);
        assert.equal(check.ordered, check.sentences, story);
        assert.equal(check.rest, '');
      }
    }),
    { numRuns: 60 },
  );
});

test('stories are deterministic, distinct, of the size asked for', () => {
  for (const lang of LANGS) {
    const stories = generateStories({ lang, seed: 5, count: 5000 });
    assert.equal(stories.length, 5000);
    assert.deepEqual(generateStories({ lang, seed: 5, count: 300 }), stories.slice(0, 300), 'a prefix is the same');
    assert.notDeepEqual(generateStories({ lang, seed: 6, count: 300 }), stories.slice(0, 300));
    assert.ok(new Set(stories).size >= 4950, `${new Set(stories).size} distinct of 5000`);
    for (const story of stories.slice(0, 1000)) {
      const sentences = checkStory(story, lang).sentences;
      assert.ok(sentences >= 5 && sentences <= 12, `${sentences} sentences: ${story}`);
      assert.ok(utf8Bytes(story) >= 150 && utf8Bytes(story) <= 600, story);
      assert.match(story, /^[^\s][^\r\t]*[.!"]$/u);
      assert.ok(!/\n\n| \n|\n | {2}/.test(story), story);
    }
    const bytes = generateStories({ lang, seed: 5, bytes: 50_000 }).reduce((n, s) => n + utf8Bytes(s) + 1, 0);
    assert.ok(bytes >= 50_000 && bytes < 50_700, `${bytes} bytes`);
    const words = new Set(
      stories
        .join(' ')
        .toLowerCase()
        .match(/\p{L}+/gu),
    );
    assert.ok(words.size >= 190 && words.size <= 600, `${words.size} words`);
  }
});

test('two stories written by hand are coherent', () => {
  for (const [text, lang] of [
    [LILY, 'en'],
    [BIA, 'pt'],
  ] as const) {
    const check = checkStory(text, lang, { complete: true });
    assert.deepEqual(check.reasons, []);
    assert.equal(check.plot, lang === 'en' ? 'lost toy' : 'sharing');
    assert.equal(check.ordered, 9);
  }
});

/** [language, what to replace, by what, coherent sentences of 9, what the reasons say] */
const BROKEN: readonly [StoryLang, string | RegExp, string, number, RegExp][] = [
  ['en', 'lost the ball', 'lost ball the', 8, /is no sentence of the grammar/],
  ['en', 'looked', 'loked', 8, /goes as far as "Lily lo"/],
  ['en', 'Lily was very happy', 'Lily was very red', 8, /goes as far as "Lily was very "/],
  ['en', 'Lily looked', 'Anna looked', 8, /the hero is Lily, not Anna/],
  ['en', 'Lily asked her', 'Lily asked his', 8, /"his" does not agree with Lily/],
  ['en', 'She was very sad', 'He was very sad', 8, /"He" does not agree with Lily/],
  ['en', 'a kind girl', 'a kind boy', 8, /"boy" does not agree with Lily/],
  ['en', 'saw the ball', 'saw the kite', 8, /the toy is ball, not kite/],
  ['en', ' Lily had a red ball.', '', 7, /the toy ball has not been introduced/],
  ['en', 'Lily was a kind girl. ', 'His mom said, "You can do it!" ', 7, /"His" refers to a hero who has not been/],
  ['en', 'gave her mom', 'gave her dad', 8, /the kin is mom, not dad/],
  ['en', 'sad. Lily', 'sad.Lily', 8, /no space before "Lily looked/],
  ['en', 'under the bed', 'under  the bed', 8, /is no sentence/],
  ['en', 'Lily lost', 'lily lost', 8, /is no sentence/],
  ['pt', 'uma boneca bonita', 'um boneca bonita', 8, /"um" does not agree with boneca/],
  ['pt', 'uma boneca bonita', 'uma boneca bonito', 8, /"bonito" does not agree with boneca/],
  ['pt', 'deu a boneca', 'deu o boneca', 8, /"o" does not agree with boneca/],
  ['pt', 'Bia disse: "Não!"', 'Bia abraçou seu mãe.', 8, /"seu" does not agree with mãe/],
  ['pt', 'Bia disse: "Não!"', 'Ele brincou com a boneca no chão.', 8, /"Ele" does not agree with Bia/],
  ['pt', 'boas amigas', 'bons amigos', 8, /"bons" does not agree with Bia and Nina/],
  ['pt', 'Bia disse: "Não!"', 'Bia disse: "Muito obrigado!"', 8, /"obrigado" does not agree with Bia/],
  ['pt', 'uma menina gentil', 'um menina gentil', 8, /"um" does not agree with Bia/],
  ['pt', 'deu a boneca', 'deu a bola', 8, /the toy is boneca, not bola/],
  ['pt', 'com Nina', 'com Hugo', 4, /the friend is Hugo, not Nina/],
  ['pt', 'Então Bia', 'Então Caio', 8, /the hero is Bia, not Caio/],
];

test('each kind of mistake is found, alone, and named', () => {
  for (const [lang, from, to, coherent, reason] of BROKEN) {
    const story = lang === 'en' ? LILY : BIA;
    const text = story.replace(from, to);
    assert.notEqual(text, story, String(from));
    const check = checkStory(text, lang);
    assert.equal(check.coherent, coherent, `${from} -> ${to}: ${check.reasons.join('; ')}`);
    assert.match(check.reasons.join('\n'), reason);
    assert.equal(check.share, coherent / check.sentences);
    assert.equal(check.reasons.length, check.sentences - check.coherent);
  }
});

test('parsed and consistent are told apart', () => {
  const wrong = checkStory(LILY.replace('She was', 'He was').replace('under the bed', 'under bed the'), 'en');
  assert.deepEqual([wrong.sentences, wrong.parsed, wrong.consistent, wrong.coherent], [9, 8, 7, 7]);
});

test('another hero fails in every sentence', () => {
  const [first, ...others] = LILY.split('\n');
  const check = checkStory(`${first}\n${others.join('\n').replaceAll('Lily', 'Anna')}`, 'en');
  assert.equal(check.sentences - check.coherent, 6);
});

test('a broken introduction costs one sentence', () => {
  const check = checkStory(LILY.replace('was a kind', 'waas a kind'), 'en');
  assert.equal(check.coherent, 8, check.reasons.join('; '));
});

test('noise, other text, the other language and nothing are not coherent', () => {
  const lily = checkStory(LILY, 'pt');
  assert.equal(lily.coherent, 0);
  assert.equal(lily.sentences, 9);
  assert.equal(checkStory(BIA, 'en').coherent, 0);
  const other = checkStory('Call me Ishmael. Some years ago I thought I would sail about a little. It was good.', 'en');
  assert.deepEqual([other.sentences, other.parsed, other.ordered, other.plot], [3, 0, 0, undefined]);
  const none = checkStory('', 'en');
  assert.deepEqual([none.sentences, none.share, none.rest], [0, 0, '']);
});

test('a cut sentence is left out, or counted when the text is complete', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LILY.length }), (length) => {
      const text = LILY.slice(0, length);
      const check = checkStory(text, 'en');
      assert.equal(check.coherent, check.sentences, check.reasons.join('; '));
      const complete = checkStory(text, 'en', { complete: true });
      assert.equal(complete.coherent, check.coherent);
      assert.equal(complete.sentences, check.sentences + (check.rest === '' ? 0 : 1));
    }),
  );
  const quote = checkStory('Lia era uma menina gentil. Lia disse: "Muito obrigada!', 'pt');
  assert.deepEqual([quote.sentences, quote.coherent, quote.rest], [1, 1, 'Lia disse: "Muito obrigada!']);
});

test('shuffled words of a generated sentence are found nearly always, shuffled sentences by their order', () => {
  let sentences = 0;
  let coherent = 0;
  let ordered = 0;
  for (const lang of LANGS) {
    for (const story of generateStories({ lang, seed: 11, count: 100 })) {
      const backward = (s: string): string => s.split(' ').reverse().join(' ');
      const scrambled = story.split('\n').map((line) => line.replace(/[^.!?]+/g, backward));
      const check = checkStory(scrambled.join('\n'), lang);
      sentences += check.sentences;
      coherent += check.coherent;
      const whole = story
        .replaceAll('\n', ' ')
        .match(/[^.!?]+[.!?]"?/g)!
        .map((s) => s.trim());
      const backwards = checkStory(whole.reverse().join(' '), lang);
      ordered += backwards.ordered / backwards.sentences / 200;
    }
  }
  assert.ok(coherent / sentences < 0.02, `${coherent} of ${sentences} scrambled sentences pass`);
  assert.ok(ordered < 0.4, `${ordered} of the sentences in order after reversal`);
});

test('letters changed at random lower the share', () => {
  const stories = generateStories({ lang: 'en', seed: 3, count: 40 }).join(' ');
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(...'xqj9'), (place, letter) => {
      const story = generateStories({ lang: 'en', seed: place, count: 1 })[0];
      const letters = [...story.matchAll(/[a-z]/g)].map((m) => m.index);
      const at = letters[place % letters.length];
      const check = checkStory(story.slice(0, at) + letter + story.slice(at + 1), 'en');
      assert.ok(check.coherent < check.sentences || story[at] === letter, check.verdicts.map((v) => v.text).join('|'));
    }),
    { numRuns: 200 },
  );
  assert.ok(checkStory(stories, 'en').share < 0.9, 'many stories in one text are not one story');
});
