import { compileTemplate, type Entity, type Gender, type StoryGrammar, type Template } from './grammar.js';

/** A place of a template: plot name and number of the step in it. */
export interface Place {
  plot: string;
  step: number;
}

/** A template with all the places where it may be told. */
export interface Rule extends Template {
  places: readonly Place[];
}

/** A pronoun or ending found in a sentence, with what it asks of the variables it goes with. */
export interface Demand {
  word: string;
  refs: readonly string[];
  g: Gender;
}

/** One way to read a sentence. */
export interface Reading {
  rule: Rule;
  /** Variables used or introduced, in order. */
  uses: readonly { name: string; entity: Entity; introduces: boolean }[];
  demands: readonly Demand[];
}

/** The rules of a grammar: every template once. */
export function rulesOf(grammar: StoryGrammar): Rule[] {
  const rules = new Map<string, Template & { places: Place[] }>();
  for (const [plot, { steps }] of Object.entries(grammar.plots)) {
    steps.forEach(({ templates }, step) => {
      for (const source of templates) {
        let rule = rules.get(source);
        if (!rule) rules.set(source, (rule = { ...compileTemplate(source, grammar), places: [] }));
        rule.places.push({ plot, step });
      }
    });
  }
  return [...rules.values()];
}

/** What `matchRule` found: every reading by that rule, and how far into the sentence it got. */
export interface Match {
  readings: Reading[];
  reached: number;
}

/**
 * Reads a sentence by one rule, letter by letter, trying every value of every slot. A reading must take the whole
 * sentence. Whether its words agree with each other or with the story is not decided here (see `conflict`).
 */
export function matchRule(rule: Rule, sentence: string): Match {
  const { parts } = rule;
  const readings: Reading[] = [];
  let reached = 0;
  const uses: Reading['uses'][number][] = [];
  const demands: Demand[] = [];

  function from(index: number, at: number): void {
    reached = Math.max(reached, at);
    if (index === parts.length) {
      if (at === sentence.length) readings.push({ rule, uses: [...uses], demands: [...demands] });
      return;
    }
    const part = parts[index];
    if (part.kind === 'text') {
      if (sentence.startsWith(part.text, at)) from(index + 1, at + part.text.length);
      else reached = Math.max(reached, at + commonPrefix(sentence, at, part.text));
    } else if (part.kind === 'variable') {
      for (const entity of part.values) {
        if (!sentence.startsWith(entity.text, at)) continue;
        uses.push({ name: part.name, entity, introduces: part.introduces });
        from(index + 1, at + entity.text.length);
        uses.pop();
      }
    } else {
      for (const [m, f] of part.values) {
        if (m === f) {
          if (sentence.startsWith(m, at)) from(index + 1, at + m.length);
          continue;
        }
        for (const [word, g] of [
          [m, 'm'],
          [f, 'f'],
        ] as const) {
          if (!sentence.startsWith(word, at)) continue;
          demands.push({ word, refs: part.refs, g });
          from(index + 1, at + word.length);
          demands.pop();
        }
      }
    }
  }

  from(0, 0);
  return { readings, reached };
}

function commonPrefix(sentence: string, at: number, text: string): number {
  let n = 0;
  while (n < text.length && sentence[at + n] === text[n]) n++;
  return n;
}

/**
 * The first demand that `known` contradicts, in words, or undefined. A masculine form needs one masculine variable
 * among those it goes with, a feminine form needs all feminine; a variable that is not known contradicts nothing.
 */
export function conflict(demands: readonly Demand[], known: ReadonlyMap<string, Entity>): string | undefined {
  for (const { word, refs, g } of demands) {
    const entities = refs.map((ref) => known.get(ref));
    const wrong = g === 'f' ? entities.some((e) => e?.g === 'm') : entities.every((e) => e?.g === 'f');
    if (wrong) return `"${word}" does not agree with ${entities.map((e) => e?.text ?? '?').join(' and ')}`;
  }
  return undefined;
}
