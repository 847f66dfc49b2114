/** How likely tokens were, by the engine's logits. */
import type { Engine } from '../engine/index.js';
import type { TokenGuess } from './protocol.js';

/** Q9: the engine's logits in natural logarithm units. */
const LOGIT_ONE = 512;
const LIKELIEST = 5;

export interface Guesses {
  readonly drawn: TokenGuess;
  readonly likeliest: readonly TokenGuess[];
}

/** Looks at the logits of an engine's last step. @returns what was drawn, and the five likeliest */
export function guesser(engine: Engine): (token: number) => Guesses {
  const { eod } = engine.info;
  const texts = new Map<number, string>();
  const textOf = (token: number): string => {
    let text = texts.get(token);
    if (text === undefined) texts.set(token, (text = token === eod ? '' : engine.decode([token])));
    return text;
  };
  return (token) => {
    const logits = engine.logits();
    const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const weights = Float64Array.from(logits, (v) => Math.exp((v - most) / LOGIT_ONE));
    const sum = weights.reduce((a, b) => a + b, 0);
    const best: number[] = [];
    for (let i = 0; i < weights.length; i++) {
      if (best.length === LIKELIEST && weights[i] <= weights[best[LIKELIEST - 1]]) continue;
      let at = best.length;
      while (at > 0 && weights[best[at - 1]] < weights[i]) at--;
      best.splice(at, 0, i);
      best.length = Math.min(best.length, LIKELIEST);
    }
    const guess = (id: number): TokenGuess => ({ token: id, text: textOf(id), end: id === eod, probability: weights[id] / sum });
    return { drawn: guess(token), likeliest: best.map(guess) };
  };
}
