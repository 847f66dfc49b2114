/** Where documents end: found where a text plainly is a list, a chat or blocks; prose stays whole; --split overrides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesFile,
  findDocuments,
  generateStories,
  MARKERS,
  readTexts,
  sizeRemark,
  splitCorpus,
} from '../src/corpus/index.js';
import { readFileSync } from 'node:fs';

const found = (text: string, split?: string): { documents: string[]; words: string } => {
  const { documents, words } = findDocuments(text, split);
  return { documents: documents.map((d) => d.trim()).filter((d) => d !== ''), words };
};
const SYLLABLES = ['al', 'be', 'ri', 'na', 'lo', 'mi', 'ty', 'us'];
const NAMES = Array.from({ length: 400 }, (_, i) => {
  const name = SYLLABLES[i & 7] + SYLLABLES[(i >> 3) & 7] + SYLLABLES[(i >> 6) & 7];
  return name[0].toUpperCase() + name.slice(1);
}).sort();
const said = async (text: string): Promise<string> =>
  (await readTexts(bytesFile('x', new TextEncoder().encode(text)))).remarks.map((r) => r.text).join('\n');

test('a list of names, words or titles: each line is a document', () => {
  for (const list of [
    NAMES,
    NAMES.map((n, i) => `${n} ${NAMES[399 - i]}`),
    NAMES.map((n) => n.toLowerCase()),
    NAMES.map((n) => `${n}, Dr.`.slice(0, -1)),
    NAMES.map((n) => `The Return of ${n}`),
    Array.from({ length: 200 }, (_, i) => `王小${String.fromCharCode(0x4e00 + i)}`),
  ]) {
    assert.deepEqual(found(list.join('\n')).documents, list);
    assert.match(found(list.join('\r\n')).words, /list/);
  }
  assert.deepEqual(found(NAMES.join('\n\n')).documents, NAMES);
});

test('a sorted list is split fairly: validation has names of the whole alphabet', () => {
  const { documents } = found(NAMES.join('\n'));
  const { train, valid } = splitCorpus(documents, { seed: 1, validShare: 0.1 });
  assert.equal(train.length + valid.length, NAMES.length);
  const firsts = new Set(valid.map((name) => name[0]));
  assert.ok(firsts.size >= 5, [...firsts].join());
  const places = valid.map((name) => NAMES.indexOf(name) / NAMES.length);
  const mean = places.reduce((a, b) => a + b, 0) / places.length;
  assert.ok(mean > 0.35 && mean < 0.65, `validation lies at ${mean} of the alphabet on average`);
});

test('prose, verse with punctuation, plays and programs stay whole', () => {
  const wrapped = generateStories({ lang: 'en', seed: 3, count: 20 })
    .join('\n\n')
    .replace(/(.{55,62}) /g, '$1\n');
  const paragraphs = generateStories({ lang: 'pt', seed: 3, count: 60 })
    .map((s) => s.replace(/\n/g, ' '))
    .join('\n\n');
  const verse = 'Shall I compare thee to a summer’s day?\nThou art more lovely and more temperate:\n'.repeat(40);
  const play =
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n\nMENENIUS:\nWhat work's,\n" +
    'my countrymen, in hand? where go you\nWith bats and clubs?\n\n';
  const program = readFileSync(new URL(import.meta.url)).toString();
  for (const text of [
    wrapped,
    paragraphs,
    paragraphs.replace(/\n\n/g, '\n'),
    verse,
    play.repeat(30),
    program.replace(/<\|/g, '<'),
  ])
    assert.deepEqual(found(text), { documents: [text.trim()], words: 'whole' }, text.slice(0, 60));
});

test('chats: a day with the times left out, a block, or an exchange', () => {
  const messages = Array.from({ length: 40 }, (_, i) => ({
    who: i % 2 ? 'Anna' : 'Ben',
    text: `message ${i} 😀`,
    day: 1 + Math.floor(i / 10),
    i,
  }));
  const days = [0, 1, 2, 3].map((d) =>
    messages
      .slice(10 * d, 10 * d + 10)
      .map((m) => `${m.who}: ${m.text}`)
      .join('\n'),
  );
  for (const stamp of [
    (m: (typeof messages)[number]) => `12/0${m.day}/2024, 10:${10 + m.i} - `,
    (m: (typeof messages)[number]) => `[0${m.day}.12.24, 10:${10 + m.i}:05] `,
    (m: (typeof messages)[number]) => `2024-03-0${m.day} 10:${10 + m.i} `,
    (m: (typeof messages)[number]) => `3/${m.day}/24, 9:${10 + m.i}\u202fPM - `,
  ]) {
    const chat = messages.map((m) => `${stamp(m)}${m.who}: ${m.text}`).join('\n');
    assert.deepEqual(found(chat).documents, days, chat.slice(0, 30));
    assert.match(found(chat).words, /chat: a document for each day, the times on its lines left out/);
    assert.deepEqual(found(chat, 'none').documents, [chat]);
  }
  const turns = messages.map((m) => `${m.i % 2 ? 'Bot' : 'User'}: ${m.text}`);
  assert.equal(found(turns.join('\n')).documents.length, 20);
  assert.equal(found(turns.join('\n')).documents[1], `${turns[2]}\n${turns[3]}`);
  const blocks = [0, 1, 2, 3, 4].map((b) => turns.slice(8 * b, 8 * b + 8).join('\n'));
  assert.deepEqual(found(blocks.join('\n\n')).documents, blocks);
  const log = Array.from({ length: 40 }, (_, i) => `2024-01-01 10:00:${10 + i} INFO: done ${i}`).join('\n');
  assert.equal(found(log).words, 'whole');
});

test('blocks of one form: haiku, questions with answers', () => {
  const haiku = Array.from({ length: 30 }, (_, i) => `the old pond ${i},\na frog jumps in:\nthe sound of water.`);
  assert.deepEqual(found(haiku.join('\n\n')).documents, haiku);
  const riddles = Array.from(
    { length: 30 },
    (_, i) => `Question ${i}\nIt is ${'long '.repeat(1 + (i % 2))}\nand so on.`,
  );
  assert.deepEqual(found(riddles.join('\n\n\n')).documents, riddles);
});

test('--split overrides what is found', () => {
  const text = 'one two\nthree\n\nfour\n***\nfive';
  assert.deepEqual(found(text, 'none').documents, [text]);
  assert.deepEqual(found(text, 'lines').documents, ['one two', 'three', 'four', '***', 'five']);
  assert.deepEqual(found(text, 'blank').documents, ['one two\nthree', 'four\n***\nfive']);
  assert.deepEqual(found(text, '***').documents, ['one two\nthree\n\nfour', 'five']);
  assert.deepEqual(found(text, '\\n***\\n').documents, ['one two\nthree\n\nfour', 'five']);
  assert.deepEqual(found(NAMES.join('\n'), 'marker').documents, [NAMES.join('\n')]);
  assert.deepEqual(found('a<|endoftext|>b', 'none').documents, ['a<|endoftext|>b']);
});

test('marks of others end documents, alone or in fields, and their openings go', async () => {
  for (const { end } of MARKERS) {
    assert.deepEqual(found(`one${end}\ntwo\n2${end}\nthree${end}\n`).documents, ['one', 'two\n2', 'three'], end);
    const jsonl = Array.from({ length: 3 }, (_, i) =>
      JSON.stringify({ text: `one ${i} it is${end}two ${i} it is${end}` }),
    ).join('\n');
    const reading = await readTexts(bytesFile('x', new TextEncoder().encode(jsonl)));
    assert.equal(reading.documents.length, 6, end);
    assert.ok(
      reading.remarks.some((r) => r.text === `3 lines cut at ${end} (--split none keeps it as text)`),
      end,
    );
  }
  assert.deepEqual(found('<s>one</s>\n<s>two</s>').documents, ['one', 'two']);
  assert.deepEqual(found('<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>').documents, [
    'user\nHi',
    'assistant\nHello',
  ]);
  assert.deepEqual(found('<|begin_of_text|>one<|end_of_text|><|begin_of_text|>two<|end_of_text|>').documents, [
    'one',
    'two',
  ]);
  assert.deepEqual(found('one<|endoftext|>two').documents, ['one', 'two']);
  assert.deepEqual(found('"Yes!"<|endoftext|>"No," he said.').documents, ['"Yes!"', '"No," he said.']);
});

test('a mark that stands in a text by accident is told', async () => {
  const program = `const END = '<|endoftext|>';\nconst other = "<|endoftext|>";\n${'// more of it\n'.repeat(20)}`;
  assert.deepEqual(found(program).documents, [program.trim()]);
  assert.match(
    await said(program),
    /<\|endoftext\|> stands in quotation marks 2 times and was kept as text \("onst END = /,
  );
  assert.match(
    await said(`GPT writes <|endoftext|> at the end of a text.\n${'More of it.\n'.repeat(20)}`),
    /was cut at <\|endoftext\|>, which stands within a line .*--split none/,
  );
  const html = `Some <s>wrong</s> right words.\n${'More of it.\n'.repeat(20)}`;
  assert.deepEqual(found(html).documents, [html.trim()]);
  assert.match(await said(html), /<\/s> stands within lines and was kept as text/);
  const stories = generateStories({ lang: 'en', seed: 1, count: 30 });
  for (const mark of ['\n<|endoftext|>\n', '<|endoftext|>']) assert.equal(await said(stories.join(mark)), '');
});

test('one honest sentence for a short text; none for a list that is long enough', () => {
  assert.match(sizeRemark(['x'.repeat(3000)])!, /^3,000 bytes of text are about 2 pages: .*by heart.*recite.*100 KB/);
  assert.match(sizeRemark(['x'.repeat(15_000)])!, /^15,000 bytes of text are very little: .*repeat.*100 KB/);
  assert.match(sizeRemark(['x'.repeat(60_000)])!, /^60,000 bytes of text are few/);
  assert.equal(sizeRemark(['x'.repeat(200_000)]), undefined);
  assert.equal(sizeRemark(Array.from({ length: 5000 }, (_, i) => `Name${i}`)), undefined);
});
