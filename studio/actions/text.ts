/** The text that is learnt from: read by the trainer's worker, which keeps it. */
import { signal } from '@preact/signals';
import type { CorpusFlags, CorpusFound, CorpusSource, Failure } from '../../src/web/protocol.js';
import { failureOf } from '../state/trouble.js';
import { trainer } from './workers.js';

export const found = signal<CorpusFound | undefined>(undefined);
/** The name of what is being read. */
export const reading = signal<string | undefined>(undefined);
export const textTrouble = signal<Failure | undefined>(undefined);
export const flags = signal<CorpusFlags>({});
/** What was given: read again when the options change. */
export const sources = signal<readonly CorpusSource[]>([]);

export const nameOf = (given: readonly CorpusSource[]): string =>
  given.map((s) => (s.kind === 'stories' ? `stories:${s.lang}` : s.name)).join(', ');

export async function readText(given: readonly CorpusSource[], how: CorpusFlags = {}): Promise<void> {
  sources.value = given;
  flags.value = how;
  textTrouble.value = undefined;
  reading.value = nameOf(given);
  try {
    const answer = await trainer().call('corpus/read', { sources: given, flags: how });
    if (sources.value === given) found.value = answer;
  } catch (error) {
    if (sources.value !== given) return;
    textTrouble.value = failureOf(error);
    found.value = undefined;
  } finally {
    if (sources.value === given) reading.value = undefined;
  }
}

export const readAgain = (how: CorpusFlags): Promise<void> => readText([...sources.value], how);

/** Files as sources; a .tlm is no text. */
export function fileSources(files: Iterable<File>): CorpusSource[] {
  return [...files].map((file) => ({ kind: 'file', name: file.name, file }));
}

export function forgetText(): void {
  found.value = undefined;
  sources.value = [];
  textTrouble.value = undefined;
}
