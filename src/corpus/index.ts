export { generateStories, type StoryOptions } from './stories/generate.js';
export { checkStory, type CheckOptions, type SentenceCheck, type StoryCheck } from './stories/check.js';
export type { StoryLang } from './stories/grammar.js';
