export { generateStories, type StoryOptions } from './stories/generate.js';
export type { StoryLang } from './stories/grammar.js';
