/** Generated stories against the grammar of the built-in ones. */
import { checkStory, type StoryLang } from '../corpus/index.js';

export interface GrammarFigures {
  readonly stories: number;
  readonly sentences: number;
  readonly parsed: number;
  readonly coherent: number;
  /** coherent / sentences */
  readonly share: number;
  /** The most frequent kinds of failure with their number, and an example of each. */
  readonly reasons: readonly string[];
}

/** The kind of a failure: its words without what is particular to one sentence. */
function kindOf(reason: string): string {
  if (reason.includes('is no sentence of the grammar')) return 'no sentence of the grammar';
  if (reason.includes('has not been introduced')) return 'someone or something that has not been introduced';
  if (/^the \w+ is .*, not /.test(reason)) return 'another name or thing than before';
  if (reason.startsWith('no space before')) return 'a space is missing';
  if (reason.includes('ends within a sentence')) return 'the story ends within a sentence';
  return 'words that do not agree with each other';
}

export function checkStories(stories: readonly { text: string; complete: boolean }[], lang: StoryLang): GrammarFigures {
  let sentences = 0;
  let parsed = 0;
  let coherent = 0;
  const kinds = new Map<string, { count: number; example: string }>();
  for (const { text, complete } of stories) {
    const check = checkStory(text, lang, { complete });
    sentences += check.sentences;
    parsed += check.parsed;
    coherent += check.coherent;
    for (const verdict of check.verdicts) {
      if (verdict.reason === undefined) continue;
      const kind = kindOf(verdict.reason);
      const entry = kinds.get(kind);
      if (entry) entry.count++;
      else kinds.set(kind, { count: 1, example: verdict.text });
    }
  }
  const reasons = [...kinds]
    .sort((a, b) => b[1].count - a[1].count)
    .map(([kind, { count, example }]) => `${count} × ${kind}, e.g. “${example}”`);
  return {
    stories: stories.length,
    sentences,
    parsed,
    coherent,
    share: sentences === 0 ? 0 : coherent / sentences,
    reasons,
  };
}
