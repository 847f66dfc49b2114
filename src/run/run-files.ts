/**
 * What a training run leaves behind, wherever that is kept: a folder, a browser's private files.
 *
 *   run.json          the corpus, the options and the versions the run was started with
 *   last.safetensors  the newest checkpoint, with the optimizer's state: what a resumed run goes on from
 *   best.safetensors  the weights with the lowest bits per byte on the validation text
 *   history.json      the learning curve
 *   curve.svg         the same as a picture
 *   samples.txt       text generated at each evaluation
 *   model.tlm         the exported model, for the engine
 *   report.md         the figures of the run
 *   corpus.jsonl      the text itself, only where it came by standard input
 */

export const RUN_FILES = {
  run: 'run.json',
  last: 'last.safetensors',
  best: 'best.safetensors',
  history: 'history.json',
  curve: 'curve.svg',
  samples: 'samples.txt',
  model: 'model.tlm',
  report: 'report.md',
  corpus: 'corpus.jsonl',
} as const;

export type RunFile = keyof typeof RUN_FILES;

/** Where they are written; each write is whole or not at all. */
export interface RunFiles {
  write(name: RunFile, content: Uint8Array | string): void | Promise<void>;
  writeJson(name: RunFile, value: unknown): void | Promise<void>;
  /** Adds text at the end of a file that only people read. */
  append(name: RunFile, text: string): void | Promise<void>;
}
