import { storyGrammar } from './generate.js';
import type { Entity, StoryGrammar, StoryLang } from './grammar.js';
import { conflict, matchRule, rulesOf, type Place, type Reading, type Rule } from './parse.js';
import { splitSentences } from './sentences.js';

/** The verdict on one sentence. */
export interface SentenceCheck {
  text: string;
  /** It is a sentence of the grammar, its own words agreeing with each other. */
  parsed: boolean;
  /** It is parsed and fits the story so far: names, things and pronouns. */
  consistent: boolean;
  /** Why not, in words; absent when `consistent`. */
  reason?: string;
}

/** The verdict on a story. Counts are of sentences. */
export interface StoryCheck {
  sentences: number;
  parsed: number;
  consistent: number;
  /** Parsed and consistent: equal to `consistent`, which asks for both. */
  coherent: number;
  /** coherent / sentences, 0 … 1; 0 when there is no sentence. */
  share: number;
  /** The most sentences that follow the steps of one plot in its order (each step once, steps may be left out). */
  ordered: number;
  /** The plot they follow; undefined when no sentence parsed. */
  plot: string | undefined;
  verdicts: SentenceCheck[];
  /** One line for each sentence that is not coherent. */
  reasons: string[];
  /** The unfinished sentence at the end, not counted (empty when there is none). */
  rest: string;
}

export interface CheckOptions {
  /** The text is known to end here (an end of document came): an unfinished last sentence counts, as failed. */
  complete?: boolean;
}

/** A grammar made ready for checking. */
interface RuleBook {
  grammar: StoryGrammar;
  rules: Rule[];
  /** Finds names and things in a sentence that does not parse. */
  words: RegExp;
  /** The variable and the value that a name or thing stands for. */
  byName: Map<string, [string, Entity]>;
}

const ruleBooks = new Map<StoryLang, RuleBook>();

function ruleBook(lang: StoryLang): RuleBook {
  let book = ruleBooks.get(lang);
  if (!book) {
    const grammar = storyGrammar(lang);
    const byName = new Map<string, [string, Entity]>();
    for (const [name, values] of Object.entries(grammar.variables)) {
      for (const entity of values) byName.set(entity.text, [name, entity]);
    }
    const longestFirst = [...byName.keys()].sort((a, b) => b.length - a.length);
    const words = new RegExp(`(?<!\\p{L})(?:${longestFirst.join('|')})(?!\\p{L})`, 'gu');
    ruleBooks.set(lang, (book = { grammar, rules: rulesOf(grammar), words, byName }));
  }
  return book;
}

/**
 * Checks a text against the grammar of the built-in stories, sentence by sentence.
 *
 * Checked, letter by letter: every sentence is one of the grammar's templates with words from its lists, with the
 * grammar's spelling, spaces and punctuation; forms agree in gender within the sentence (articles, adjectives,
 * possessives; `parsed`). Against the story so far (`consistent`): a hero, friend, toy, food, plant, animal, feared
 * thing has been introduced, or this sentence introduces it; it is still the same one; pronouns and endings agree
 * with it. A relative ("his mom") needs no introduction, but stays the same one. A sentence that names someone or
 * something new after all fails, and what it names counts as introduced from then on, so that one lost introduction
 * does not fail a whole story; another hero than the first fails every time.
 *
 * Reported apart, in `ordered`, and no part of `coherent`: whether the sentences follow the order of a plot.
 *
 * Not checked: paragraphs; whether free choices go together (a colour said twice, a place left and found again, rain
 * on a sunny day); who the English "they" are; repetition, which only `ordered` shows; anything outside this grammar,
 * where good English is as wrong as noise.
 *
 * @param text one document; several stories in one text count as inconsistent
 */
export function checkStory(text: string, lang: StoryLang, options: CheckOptions = {}): StoryCheck {
  const { grammar, rules, words, byName } = ruleBook(lang);
  const { sentences, rest } = splitSentences(text);
  const known = new Map<string, Entity>();
  const verdicts: SentenceCheck[] = [];
  const places: Place[][] = [];

  const adopt = (sentence: string): void => {
    for (const [word] of sentence.matchAll(words)) {
      const [name, entity] = byName.get(word)!;
      if (!known.has(name)) known.set(name, entity);
    }
  };

  for (const { text: sentence, spaced } of sentences) {
    const read = spaced ? readSentence(sentence, rules) : { problem: `no space before "${sentence}"` };
    if ('problem' in read) {
      verdicts.push({ text: sentence, parsed: false, consistent: false, reason: read.problem });
      adopt(sentence);
      continue;
    }
    // One sentence can be read in several ways: with and without introducing, say. The story takes the best.
    const results = read.readings.map((reading) => ({ reading, problem: fits(reading, known, grammar) }));
    const good = results.find((r) => r.problem === undefined);
    places.push((good ?? results[0]).reading.rule.places.slice());
    if (good) {
      for (const { name, entity } of good.reading.uses) known.set(name, entity);
      verdicts.push({ text: sentence, parsed: true, consistent: true });
    } else {
      verdicts.push({ text: sentence, parsed: true, consistent: false, reason: results[0].problem });
      adopt(sentence);
    }
  }
  if (options.complete && rest !== '') {
    const reason = `the text ends within a sentence: "${rest}"`;
    verdicts.push({ text: rest, parsed: false, consistent: false, reason });
  }

  const coherent = verdicts.filter((v) => v.consistent).length;
  return {
    sentences: verdicts.length,
    parsed: verdicts.filter((v) => v.parsed).length,
    consistent: coherent,
    coherent,
    share: verdicts.length === 0 ? 0 : coherent / verdicts.length,
    ...bestOrder(places, grammar),
    verdicts,
    reasons: verdicts.flatMap((v, i) => (v.reason === undefined ? [] : [`sentence ${i + 1}: ${v.reason}`])),
    rest: options.complete ? '' : rest,
  };
}

function readSentence(sentence: string, rules: readonly Rule[]): { readings: Reading[] } | { problem: string } {
  const readings: Reading[] = [];
  let disagreement: string | undefined;
  let closest: { reached: number; source: string } = { reached: 0, source: '' };
  for (const rule of rules) {
    const match = matchRule(rule, sentence);
    for (const reading of match.readings) {
      const own = new Map(reading.uses.map(({ name, entity }) => [name, entity]));
      const twice = reading.uses.find(({ name, entity }) => own.get(name) !== entity);
      const problem = twice ? `two values of ${twice.name}` : conflict(reading.demands, own);
      if (problem === undefined) readings.push(reading);
      else disagreement ??= `${problem} in "${sentence}"`;
    }
    if (match.reached > closest.reached) closest = { reached: match.reached, source: rule.source };
  }
  if (readings.length > 0) return { readings };
  if (disagreement !== undefined) return { problem: disagreement };
  const near =
    closest.reached === 0
      ? 'no rule begins like it'
      : `the closest rule, ${closest.source}, goes as far as "${sentence.slice(0, closest.reached)}"`;
  return { problem: `"${sentence}" is no sentence of the grammar; ${near}` };
}

/** Why a reading does not fit the story so far, or undefined when it does. */
function fits(reading: Reading, known: ReadonlyMap<string, Entity>, grammar: StoryGrammar): string | undefined {
  const now = new Map(known);
  for (const { name, entity, introduces } of reading.uses) {
    const before = now.get(name);
    if (before && before !== entity) return `the ${name} is ${before.text}, not ${entity.text}`;
    if (!before && !introduces && !grammar.selfIntroducing.includes(name)) {
      return `the ${name} ${entity.text} has not been introduced`;
    }
    now.set(name, entity);
  }
  for (const { word, refs } of reading.demands) {
    const missing = refs.find((ref) => !now.has(ref));
    if (missing !== undefined) return `"${word}" refers to a ${missing} who has not been introduced`;
  }
  return conflict(reading.demands, now);
}

/** Over all plots, the longest subsequence of sentences whose steps strictly increase. */
function bestOrder(places: readonly (readonly Place[])[], grammar: StoryGrammar): Pick<StoryCheck, 'ordered' | 'plot'> {
  let best: Pick<StoryCheck, 'ordered' | 'plot'> = { ordered: 0, plot: undefined };
  for (const [plot, { steps }] of Object.entries(grammar.plots)) {
    // longest[s]: most sentences so far that end with step s.
    const longest = new Array<number>(steps.length).fill(0);
    for (const sentence of places) {
      const mine = sentence
        .filter((p) => p.plot === plot)
        .map((p) => p.step)
        .sort((a, b) => b - a);
      for (const step of mine) longest[step] = Math.max(longest[step], 1 + Math.max(0, ...longest.slice(0, step)));
    }
    const ordered = Math.max(...longest);
    if (ordered > best.ordered) best = { ordered, plot };
  }
  return best;
}
