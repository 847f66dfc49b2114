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

/** The virtual ESP32-C3 with its cache model, running TinyLM's direct-boot image and asked over its console. */
export class MeasuredC3 {
  readonly #chip = new VirtualC3();
  readonly #cache = new CacheModel();
  readonly #text = new TextDecoder();
  #said = '';

  /**
   * Boots and waits for the prompt.
   * @param flash all of it, or its beginning: the image, and a model in its partition; it is copied
   * @throws TinyLMError `chip-boot`, `chip-silent` when the program does not answer
   */
  constructor(flash: Uint8Array) {
    this.#chip.flash.program(0, flash);
    this.#chip.reset();
    this.#chip.hart.useCache(this.#cache);
    this.#until(/> $/);
  }

  #until(answer: RegExp): void {
    for (let ran = 0; !answer.test(this.#said); ran += SLICE) {
      if (ran > PATIENCE || /\[error [^\]]*\]/.test(this.#said)) {
        throw new TinyLMError(
          'chip-silent',
          `the program on the virtual ESP32-C3 cannot be measured; it said: ${this.#said.trim()}`,
        );
      }
      this.#chip.run(SLICE);
      this.#said += this.#text.decode(this.#chip.usb.state.takeSent(), { stream: true });
    }
  }

  /**
   * Types a line and runs until `answer` is in what was said since; returns that.
   * @throws TinyLMError `chip-silent`
   */
  ask(line: string, answer: RegExp): string {
    this.#said = '';
    this.#chip.usb.receive(new TextEncoder().encode(`${line}\n`));
    this.#until(answer);
    return this.#said;
  }

  #bench(tokens: number): { classes: ClassCounts; lines: CacheCounts } {
    const [classes, lines] = [this.#chip.hart.counts(), { ...this.#cache.counts }];
    this.ask(`/bench ${tokens}`, new RegExp(`\\[${tokens} tokens[^\\]]*\\]`));
    const change = Object.entries(this.#cache.counts).map(([k, v]) => [k, v - lines[k as keyof CacheCounts]]);
    const filled = Object.fromEntries(change) as unknown as CacheCounts;
    return { classes: countsSince(this.#chip.hart.counts(), classes), lines: filled };
  }

  /**
   * What `/bench` adds a token between two lengths, so that the command itself cancels out.
   * @throws TinyLMError `chip-silent` when there is no model
   */
  countTokens([few, many]: readonly [few: number, many: number] = [4, 20]): TokenCounts {
    this.#bench(1); // fills the cache with what stays there
    const [a, b] = [this.#bench(few), this.#bench(many)];
    const each = (x: number, y: number): number => (y - x) / (many - few);
    return {
      classes: Object.fromEntries(
        Object.entries(a.classes).map(([k, v]) => [k, each(v, b.classes[k as keyof ClassCounts])]),
      ) as ClassCounts,
      dataLines: each(a.lines.dataMisses, b.lines.dataMisses),
      codeLines: each(a.lines.fetchMisses, b.lines.fetchMisses),
    };
  }
}

/** What a token costs with the image and the model that `flash` holds; as {@link MeasuredC3}. */
export function countTokens(flash: Uint8Array, tokens?: readonly [few: number, many: number]): TokenCounts {
  return new MeasuredC3(flash).countTokens(tokens);
}
