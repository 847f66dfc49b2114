import { limitDocuments } from '../corpus.js';
import { generateStories } from './generate.js';
import type { StoryLang } from './grammar.js';

/** How much of the built-in stories is told when no limit is given. */
export const DEFAULT_STORY_BYTES = 2_000_000;

/** The built-in stories as a corpus. */
export const storyTexts = (lang: StoryLang, seed: number, maxBytes = DEFAULT_STORY_BYTES): string[] =>
  limitDocuments(generateStories({ lang, seed, bytes: maxBytes }), maxBytes);
