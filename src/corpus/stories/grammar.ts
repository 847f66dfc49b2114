/** The languages of the built-in stories: English and Brazilian Portuguese. */
export type StoryLang = 'en' | 'pt';

/** Grammatical gender, also the gender of a person: `m` or `f`. */
export type Gender = 'm' | 'f';

/** A value of a story variable: its text and its gender (for pronouns and agreement). */
export interface Entity {
  text: string;
  g: Gender;
}

/** A free choice: one text, or the pair [masculine, feminine] that agrees with a variable. */
export type Choice = string | readonly [string, string];

/** One step of a plot: exactly one of its templates is told. */
export interface Step {
  id: string;
  templates: readonly string[];
  /** The step starts a new paragraph. */
  paragraph?: boolean;
}

/** A step of a plot. */
export const step = (id: string, ...templates: string[]): Step => ({ id, templates });

/** A step that starts a new paragraph. */
export const paragraph = (id: string, ...templates: string[]): Step => ({ id, templates, paragraph: true });

/** A plot: its steps in order, and who and what can be in it. */
export interface Plot {
  /** One of these casts is drawn for a story, and from it one value for each variable. */
  casts: readonly Readonly<Record<string, readonly Entity[]>>[];
  steps: readonly Step[];
}

/**
 * A story grammar. The generator and the checker both read it, and share nothing else.
 *
 * Templates hold slots in braces:
 * - `{hero}` a variable: the same value all through a story. `{hero!}` introduces it.
 * - `{he}`, `{um:toy}` a form [masculine, feminine] that agrees with a variable (the hero when none is named);
 *   `{eles:hero+kin}` agrees with both, feminine only when both are.
 *   With a capital first letter, `{He}`, the form is capitalised.
 * - `{colour}`, `{colour:toy}` a free choice from a list, agreeing in the same way.
 */
export interface StoryGrammar {
  lang: StoryLang;
  /** All variables and what they can be in any plot (`valuesOf`). `hero` is always there. */
  variables: Readonly<Record<string, readonly Entity[]>>;
  /** Variables that need no introduction ("his mom" says by itself who she is). */
  selfIntroducing: readonly string[];
  forms: Readonly<Record<string, readonly [string, string]>>;
  lists: Readonly<Record<string, readonly Choice[]>>;
  plots: Readonly<Record<string, Plot>>;
}

/** A compiled piece of a template. */
export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'variable'; name: string; introduces: boolean; values: readonly Entity[] }
  | { kind: 'choice'; name: string; refs: readonly string[]; values: readonly (readonly [string, string])[] };

/** A compiled template. */
export interface Template {
  source: string;
  parts: readonly Part[];
}

/**
 * Compiles a template. Forms become a choice of one value; plain list values become equal pairs.
 * Throws on a slot that the grammar does not define: a mistake in the grammar, never in the user's input.
 */
export function compileTemplate(source: string, grammar: StoryGrammar): Template {
  const parts: Part[] = [];
  for (const piece of source.split(/(\{[^}]*\})/)) {
    if (piece === '') continue;
    if (!piece.startsWith('{')) {
      parts.push({ kind: 'text', text: piece });
      continue;
    }
    const [slot, ref = 'hero'] = piece.slice(1, -1).split(':');
    const introduces = slot.endsWith('!');
    const name = introduces ? slot.slice(0, -1) : slot;
    const refs = ref.split('+');
    if (!refs.every((r) => r in grammar.variables)) {
      throw new Error(`${grammar.lang}: no variable ${ref} in "${source}"`);
    }
    const lower = name[0].toLowerCase() + name.slice(1);
    if (name in grammar.variables) {
      parts.push({ kind: 'variable', name, introduces, values: grammar.variables[name] });
    } else if (name in grammar.lists) {
      const values = grammar.lists[name].map((v) => (typeof v === 'string' ? ([v, v] as const) : v));
      parts.push({ kind: 'choice', name, refs, values });
    } else if (lower in grammar.forms) {
      const [m, f] = grammar.forms[lower];
      const pair = name === lower ? ([m, f] as const) : ([capital(m), capital(f)] as const);
      parts.push({ kind: 'choice', name, refs, values: [pair] });
    } else {
      throw new Error(`${grammar.lang}: no slot ${name} in "${source}"`);
    }
  }
  return { source, parts };
}

function capital(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}

/** Every value that a variable takes in some plot's cast, in the order of first mention. */
export function valuesOf(plots: Readonly<Record<string, Plot>>): Record<string, readonly Entity[]> {
  const all = new Map<string, Map<string, Entity>>();
  for (const [name, values] of Object.values(plots).flatMap(({ casts }) => casts.flatMap((c) => Object.entries(c)))) {
    const seen = all.get(name) ?? new Map<string, Entity>();
    all.set(name, seen);
    for (const value of values) if (!seen.has(value.text)) seen.set(value.text, value);
  }
  return Object.fromEntries([...all].map(([name, seen]) => [name, [...seen.values()]]));
}

/** A cast from lines like `f:Lily m:Tom`; a word without gender is masculine, `_` stands for a space inside it. */
export function cast(lines: Readonly<Record<string, string>>): Record<string, readonly Entity[]> {
  return Object.fromEntries(
    Object.entries(lines).map(([name, line]) => [
      name,
      line.split(' ').map((word): Entity => {
        const [text, g = 'm'] = word.split(':').reverse();
        return { text: text.replaceAll('_', ' '), g: g === 'f' ? 'f' : 'm' };
      }),
    ]),
  );
}
