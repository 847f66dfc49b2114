/** What a token costs on the virtual ESP32-C3: exact instructions by class, and flash lines by the cache model. */
import { TinyLMError } from '../../model/errors.js';
import { VirtualC3 } from './c3.js';
import { CacheModel, type CacheCounts } from './cache.js';
import { countsSince, type ClassCounts } from './counts.js';

/** A token on average, sampling and what the application does around it included. */
export interface TokenCounts {
  /** instructions */
  readonly classes: ClassCounts;
  /** lines of flash fetched into the cache, for data and for code */
  readonly dataLines: number;
  readonly codeLines: number;
}

/** Instructions between two looks at what was said: the most that an end is noticed late, so a few a token. */
const SLICE = 50;
/** Far more than a token of any model that fits the chip. */
const PATIENCE = 4e9;

/**
 * Boots flash that holds TinyLM's direct-boot image and a model, and counts what `/bench` adds a token between two
 * lengths, so that the command itself cancels out.
 * @param flash all of it, or its beginning; it is copied
 * @throws TinyLMError `chip-boot`, `chip-silent` when the program does not answer (no model, or another program)
 */
export function countTokens(flash: Uint8Array, [few, many]: readonly [number, number] = [4, 20]): TokenCounts {
  const chip = new VirtualC3();
  chip.flash.program(0, flash);
  chip.reset();
  const cache = new CacheModel();
  chip.hart.useCache(cache);
  let said = '';
  const until = (answer: RegExp): void => {
    for (let ran = 0; !answer.test(said); ran += SLICE) {
      if (ran > PATIENCE || /\[error [^\]]*\]/.test(said)) {
        throw new TinyLMError('chip-silent',
          `the program on the virtual ESP32-C3 cannot be measured; it said: ${said.trim()}`);
      }
      chip.run(SLICE);
      said += new TextDecoder().decode(chip.usb.state.takeSent());
    }
  };
  const bench = (tokens: number): { classes: ClassCounts; lines: CacheCounts } => {
    const [classes, lines] = [chip.hart.counts(), { ...cache.counts }];
    said = '';
    chip.usb.receive(new TextEncoder().encode(`/bench ${tokens}\n`));
    until(new RegExp(`\\[${tokens} tokens[^\\]]*\\]`));
    const change = Object.entries(cache.counts).map(([k, v]) => [k, v - lines[k as keyof CacheCounts]]);
    const filled = Object.fromEntries(change) as unknown as CacheCounts;
    return { classes: countsSince(chip.hart.counts(), classes), lines: filled };
  };
  until(/> $/);
  bench(1); // fills the cache with what stays there
  const [a, b] = [bench(few), bench(many)];
  const each = (x: number, y: number): number => (y - x) / (many - few);
  return {
    classes: Object.fromEntries(Object.entries(a.classes).map(([k, v]) =>
      [k, each(v, b.classes[k as keyof ClassCounts])])) as ClassCounts,
    dataLines: each(a.lines.dataMisses, b.lines.dataMisses),
    codeLines: each(a.lines.fetchMisses, b.lines.fetchMisses),
  };
}
