/** The kinds of files that can be read. To add one: a file here with its content's signs and its reader, and a line. */
import { csv } from './csv.js';
import { html } from './html.js';
import { json } from './json.js';
import { jsonl } from './jsonl.js';
import { mail } from './mail.js';
import { notebook } from './notebook.js';
import { parquet } from './parquet.js';
import { subtitles } from './subtitles.js';
import { text } from './text.js';
import { xml } from './xml.js';
import { yaml } from './yaml.js';
import type { CorpusFormat } from './types.js';

/** In the order in which they are asked; text, which says yes to all, is last. */
export const FORMATS: readonly CorpusFormat[] = [
  parquet,
  notebook,
  jsonl,
  json,
  subtitles,
  html,
  xml,
  mail,
  yaml,
  csv,
  text,
];
