/** The longest runs of characters that some texts share with a large one, exactly, in memory for the small ones only. */

/**
 * The suffix automaton of a few texts: every part of them is a path from its root. The large text is then read through it once, and
 * leaves at each state the longest match that ended there.
 */
class Automaton {
  readonly #symbols: ReadonlyMap<number, number>;
  readonly #width: number;
  readonly #next: Int32Array;
  readonly #link: Int32Array;
  readonly #length: Int32Array;
  /** Of the large text: the longest match at a state. */
  readonly #seen: Int32Array;
  #states = 1;
  #last = 0;

  constructor(texts: readonly string[]) {
    const total = texts.reduce((n, t) => n + t.length + 1, 0);
    // 0 is the end of a text, which the large one never has.
    this.#symbols = new Map(
      [...new Set(texts.flatMap((t) => [...new Set(t)].flatMap((c) => [...c].flatMap(units))))].map((c, i) => [
        c,
        i + 1,
      ]),
    );
    this.#width = this.#symbols.size + 1;
    const most = 2 * total + 1;
    this.#next = new Int32Array(most * this.#width); // 0: none, as nothing leads to the root
    this.#link = new Int32Array(most);
    this.#length = new Int32Array(most);
    this.#seen = new Int32Array(most);
    this.#link[0] = -1;
    for (const text of texts) {
      for (let i = 0; i < text.length; i++) this.#extend(this.#symbols.get(text.charCodeAt(i))!);
      this.#extend(0);
    }
  }

  #extend(symbol: number): void {
    const [next, link, length, width] = [this.#next, this.#link, this.#length, this.#width];
    const state = this.#states++;
    length[state] = length[this.#last] + 1;
    let p = this.#last;
    while (p >= 0 && next[p * width + symbol] === 0) {
      next[p * width + symbol] = state;
      p = link[p];
    }
    if (p >= 0) {
      const q = next[p * width + symbol];
      if (length[p] + 1 === length[q]) link[state] = q;
      else {
        const clone = this.#states++;
        length[clone] = length[p] + 1;
        next.copyWithin(clone * width, q * width, (q + 1) * width);
        link[clone] = link[q];
        link[q] = link[state] = clone;
        while (p >= 0 && next[p * width + symbol] === q) {
          next[p * width + symbol] = clone;
          p = link[p];
        }
      }
    }
    this.#last = state;
  }

  /** Reads the large text, or a part of it that nothing goes on from. */
  read(text: string): void {
    const [next, link, length, width, seen] = [this.#next, this.#link, this.#length, this.#width, this.#seen];
    let state = 0;
    let matched = 0;
    for (let i = 0; i < text.length; i++) {
      const symbol = this.#symbols.get(text.charCodeAt(i));
      if (symbol === undefined) {
        state = matched = 0;
        continue;
      }
      while (state > 0 && next[state * width + symbol] === 0) {
        state = link[state];
        matched = length[state];
      }
      const to = next[state * width + symbol];
      if (to === 0) continue;
      state = to;
      matched++;
      if (matched > seen[state]) seen[state] = matched;
    }
  }

  /** After all has been read: the longest run of each text, and where it ends. */
  longest(texts: readonly string[]): { length: number; end: number }[] {
    const order = [...Array(this.#states).keys()].sort((a, b) => this.#length[b] - this.#length[a]);
    const [link, length, seen] = [this.#link, this.#length, this.#seen];
    // What ended at a state ended at its suffixes too; and what is longer than a suffix's own counts for those above it.
    for (const s of order) if (s > 0 && seen[s] > 0) seen[link[s]] = length[link[s]];
    for (const s of order.reverse()) if (s > 0) seen[s] = Math.max(seen[s], seen[link[s]]);
    return texts.map((text) => {
      let state = 0;
      let best = { length: 0, end: 0 };
      for (let i = 0; i < text.length; i++) {
        state = this.#next[state * this.#width + this.#symbols.get(text.charCodeAt(i))!];
        if (seen[state] > best.length) best = { length: seen[state], end: i + 1 };
      }
      return best;
    });
  }
}

const units = (c: string): number[] => Array.from({ length: c.length }, (_, i) => c.charCodeAt(i));

/**
 * The longest run of each text that one of the documents has too.
 * @param documents the large text; a run lies within one of them
 * @returns the runs, in the order of the texts
 */
export function sharedRuns(texts: readonly string[], documents: Iterable<string>): string[] {
  const automaton = new Automaton(texts);
  for (const document of documents) automaton.read(document);
  return automaton.longest(texts).map(({ length, end }, i) => texts[i].slice(end - length, end));
}
