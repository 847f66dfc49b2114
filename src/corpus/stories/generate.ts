import { utf8Bytes } from '../utf8.js';
import { en } from './en.js';
import { compileTemplate, type Entity, type StoryGrammar, type StoryLang, type Template } from './grammar.js';
import { pt } from './pt.js';

/** The grammar of a language. */
export function storyGrammar(lang: StoryLang): StoryGrammar {
  return lang === 'en' ? en : pt;
}

interface CompiledStep {
  templates: readonly Template[];
  paragraph: boolean;
}

interface CompiledPlot {
  casts: readonly (readonly (readonly [string, readonly Entity[]])[])[];
  steps: readonly CompiledStep[];
}

const compiled = new Map<StoryLang, readonly CompiledPlot[]>();

function compilePlots(lang: StoryLang): readonly CompiledPlot[] {
  let plots = compiled.get(lang);
  if (plots) return plots;
  const grammar = storyGrammar(lang);
  plots = Object.values(grammar.plots).map(({ casts, steps }) => ({
    casts: casts.map((c) => Object.entries(c)),
    steps: steps.map((step) => ({
      templates: step.templates.map((t) => compileTemplate(t, grammar)),
      paragraph: step.paragraph ?? false,
    })),
  }));
  compiled.set(lang, plots);
  return plots;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, one call one number in [0, 1). */
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Mixes the seed and the number of a story (murmur3's finaliser), so that stories do not depend on each other. */
function mix(seed: number, index: number): number {
  let x = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * Picks with a lean to the front: of n values the first comes with the probability 1/√n, the last with about 1/(2n).
 * So the language is mostly a small one, which a small model can learn, and still has its rarer words.
 */
function lean<T>(values: readonly T[], next: () => number): T {
  const u = next();
  return values[Math.floor(values.length * u * u)];
}

function pick<T>(values: readonly T[], next: () => number): T {
  return values[Math.floor(next() * values.length)];
}

/** Tells story number `index` of a seed: nine sentences, paragraphs separated by one newline. */
function tell(plots: readonly CompiledPlot[], seed: number, index: number): string {
  const next = random(mix(seed, index));
  const chosen: Record<string, Entity> = {};
  const { casts, steps } = pick(plots, next);
  for (const [name, values] of pick(casts, next)) chosen[name] = pick(values, next);
  let story = '';
  for (const step of steps) {
    if (story !== '') story += step.paragraph ? '\n' : ' ';
    for (const part of lean(step.templates, next).parts) {
      if (part.kind === 'text') {
        story += part.text;
      } else if (part.kind === 'variable') {
        story += chosen[part.name].text;
      } else {
        const feminine = part.refs.every((ref) => chosen[ref].g === 'f');
        story += (part.values.length === 1 ? part.values[0] : lean(part.values, next))[feminine ? 1 : 0];
      }
    }
  }
  return story;
}

/** What to generate: either a number of stories or at least a number of bytes. */
export interface StoryOptions {
  lang: StoryLang;
  /** An integer; its low 32 bits count. */
  seed: number;
  /** Stories are told until their UTF-8 bytes, one more for each (its end of document), reach this. */
  bytes?: number;
  /** This many stories. With `bytes` too, whichever is reached first. Neither: 1000 stories. */
  count?: number;
}

/**
 * The built-in corpus: seeded children's stories, one a document. The same options give the same stories, on every
 * machine; story i of a seed is the same however many are asked for. Two of many stories may be equal by chance.
 */
export function generateStories({ lang, seed, bytes, count }: StoryOptions): string[] {
  const plots = compilePlots(lang);
  const stories: string[] = [];
  const maxCount = count ?? (bytes === undefined ? 1000 : Infinity);
  const maxBytes = bytes ?? Infinity;
  for (let total = 0; stories.length < maxCount && total < maxBytes; ) {
    const story = tell(plots, seed, stories.length);
    stories.push(story);
    total += utf8Bytes(story) + 1;
  }
  return stories;
}
