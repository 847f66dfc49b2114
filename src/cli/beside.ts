/** Two models that go on from the same opening: one that was trained a minute ago, and a larger one that comes with TinyLM. */
import { readBytes } from '../node/files.js';
import { shippedTlm } from '../node/shipped.js';
import type { Sampling } from '../run/engine-model.js';
import { openEngine } from './engine.js';
import { block } from './report.js';
import { count } from './values.js';

/** What one of them writes. */
export interface Side {
  readonly name: string;
  readonly bytes: number;
  /** On this machine, by the C engine as WebAssembly. */
  readonly tokensPerSecond: number;
  /** The opening included. */
  readonly text: string;
}

export interface Beside {
  readonly opening: string;
  readonly sides: readonly Side[];
}

/** The first sentence of a text; where none ends, its first words. */
export function openingOf(text: string): string {
  return /^\s*([^\n]{1,200}?[.!?])(?=\s|$)/.exec(text)?.[1] ?? text.trim().split(/\s+/).slice(0, 6).join(' ');
}

async function sideOf(name: string, tlm: Uint8Array, opening: string, sampling: Sampling): Promise<Side> {
  const engine = await openEngine(tlm);
  const { text } = engine.generate(opening, sampling);
  return { name, bytes: tlm.length, tokensPerSecond: engine.speed(), text: opening + text };
}

/**
 * Lets a run's model and a shipped one go on from the same opening.
 * @param story a text by the first: its first sentence is the opening
 * @param sampling of the first; the other is sampled as its file says, with the same seed
 */
export async function besideShipped(
  own: { name: string; tlm: Uint8Array },
  shipped: string,
  story: string,
  sampling: Sampling,
): Promise<Beside> {
  const opening = openingOf(story);
  const { seed, maxTokens } = sampling;
  return {
    opening,
    sides: [
      await sideOf(own.name, own.tlm, opening, sampling),
      await sideOf(shipped, readBytes(shippedTlm(shipped)), opening, { seed, maxTokens }),
    ],
  };
}

const words = ({ name, bytes, tokensPerSecond }: Side): string =>
  `${name}: ${count(bytes)} bytes, ${count(tokensPerSecond)} tokens/s here`;

/** For the terminal. */
export const besideText = ({ opening, sides: [own, other] }: Beside): string =>
  `From the same opening, “${opening}”:\n\n` +
  `— ${words(own)}, trained just now\n${own.text.trim()}\n\n` +
  `— ${words(other)}, comes with TinyLM\n${other.text.trim()}`;

/** For report.md. */
export const besideMarkdown = ({ opening, sides }: Beside): string =>
  ['## From the same opening', `“${opening}”`, ...sides.flatMap((side) => [`${words(side)}:`, block(side.text)])].join(
    '\n\n',
  );
