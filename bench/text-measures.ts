/** What can be counted of generated stories: invented words, names, repetitions, loops, variety. */

/** A text with its end: one that the limit of tokens cut off is not complete, and its last word does not count. */
export interface Story {
  readonly text: string;
  readonly complete: boolean;
}

/** What is known of a training text. */
export interface TextFacts {
  /** Its words, in lower case. */
  readonly words: ReadonlySet<string>;
  /** Words that are capitalised where no sentence begins, and hardly ever written small. */
  readonly names: ReadonlySet<string>;
}

export interface StoryFigures {
  readonly stories: number;
  /** That came to their own end. */
  readonly ended: number;
  readonly words: number;
  /** Different stories. */
  readonly distinct: number;
  /** Share of the words that the training text has neither so nor without what follows an apostrophe. */
  readonly invented: number;
  /** The most frequent of them. */
  readonly examples: readonly string[];
  /** Share of the sentences, of four words and more, that the same story has said before. */
  readonly repeated: number;
  /** Share of the stories in which one run of eight words comes three times or more. */
  readonly looping: number;
  /** Different runs of four words over all stories, as a share of such runs. */
  readonly variety: number;
  /** Of the stories that name someone in their first half: share in which the first name comes again in the second. */
  readonly named: number;
  /** Of the names in second halves: share that the first half does not have. */
  readonly newNames: number;
}

const WORD = /\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)*/gu;
const LETTER = /[\p{L},;]/u;
const UPPER = /^\p{Lu}/u;
const lower = (word: string): string => word.toLowerCase().replaceAll('’', "'");
/** Without 's */
const bare = (word: string): string => word.replace(/['’]\p{L}+$/u, '');

interface Word {
  readonly word: string;
  /** Within a sentence: after a word or a comma, and a space. */
  readonly inside: boolean;
}

export function wordsOf(text: string): Word[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    word,
    inside: index > 1 && text[index - 1] === ' ' && LETTER.test(text[index - 2]),
  }));
}

/** A name is capitalised within sentences so often, and this many times as often as it is small. */
const NAME_SEEN = 3;
const NAME_TIMES = 4;

/** Reads a training text once; its words stay in memory, it does not. */
export function factsOf(texts: Iterable<string>): TextFacts {
  const small = new Map<string, number>();
  const large = new Map<string, number>();
  const words = new Set<string>();
  const add = (counts: Map<string, number>, word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const text of texts) {
    for (const { word, inside } of wordsOf(text)) {
      words.add(lower(word));
      if (!UPPER.test(word)) add(small, lower(bare(word)));
      else if (inside) add(large, bare(word));
    }
  }
  const names = [...large].filter(
    ([word, n]) => word !== 'I' && n >= NAME_SEEN && n > NAME_TIMES * (small.get(lower(word)) ?? 0),
  );
  return { words, names: new Set(names.map(([word]) => word)) };
}

/** Sentences in lower case, without marks at their ends. */
const sentencesOf = (text: string): string[] =>
  text.split(/(?<=[.!?]["'”’]*)\s+|\n/u).map((s) =>
    lower(
      wordsOf(s)
        .map(({ word }) => word)
        .join(' '),
    ),
  );

/** How often each run of n words comes. */
function runsOf(words: readonly string[], n: number): Map<string, number> {
  const runs = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const run = words.slice(i, i + n).join(' ');
    runs.set(run, (runs.get(run) ?? 0) + 1);
  }
  return runs;
}

/** Names in their order, with the index of their word. */
function namesOf(words: readonly Word[], facts: TextFacts): { name: string; at: number }[] {
  return words.flatMap(({ word, inside }, at) => {
    const name = bare(word);
    if (!UPPER.test(name) || name === 'I') return [];
    // One that the training text does not have, large within a sentence, is meant as a name.
    return facts.names.has(name) || (inside && !facts.words.has(lower(name))) ? [{ name, at }] : [];
  });
}

const share = (part: number, all: number): number => (all === 0 ? 0 : part / all);

export function measureStories(stories: readonly Story[], facts: TextFacts): StoryFigures {
  const strange = new Map<string, number>();
  const fours = new Map<string, number>();
  let [words, invented, sentences, repeated, looping, naming, named, second, fresh] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const { text, complete } of stories) {
    const all = wordsOf(text);
    if (!complete) all.pop();
    const plain = all.map(({ word }) => lower(word));
    words += plain.length;
    for (const word of plain) {
      if (facts.words.has(word) || facts.words.has(bare(word))) continue;
      invented++;
      strange.set(word, (strange.get(word) ?? 0) + 1);
    }
    for (const [run, n] of runsOf(plain, 4)) fours.set(run, (fours.get(run) ?? 0) + n);
    const said = new Set<string>();
    for (const sentence of sentencesOf(text)) {
      if (sentence.split(' ').length < 4) continue;
      sentences++;
      if (said.has(sentence)) repeated++;
      said.add(sentence);
    }
    if ([...runsOf(plain, 8).values()].some((n) => n >= 3)) looping++;
    const names = namesOf(all, facts);
    const half = all.length / 2;
    const early = new Set(names.filter(({ at }) => at < half).map(({ name }) => name));
    const late = names.filter(({ at }) => at >= half).map(({ name }) => name);
    if (early.size > 0) {
      naming++;
      if (late.includes(names[0].name)) named++;
      second += late.length;
      fresh += late.filter((name) => !early.has(name)).length;
    }
  }
  const runs = [...fours.values()].reduce((a, b) => a + b, 0);
  return {
    stories: stories.length,
    ended: stories.filter((s) => s.complete).length,
    words,
    distinct: new Set(stories.map((s) => s.text)).size,
    invented: share(invented, words),
    examples: [...strange]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, 8)
      .map(([word]) => word),
    repeated: share(repeated, sentences),
    looping: share(looping, stories.length),
    variety: share(fours.size, runs),
    named: share(named, naming),
    newNames: share(fresh, second),
  };
}
