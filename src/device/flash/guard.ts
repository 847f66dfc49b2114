/**
 * What may end a conversation with a flash loader from outside: the port is lost, somebody stops it, or nothing moves
 * any more. esptool-js notices none of these for sure, so each of its answers is waited for here.
 */
import { TinyLMError } from '../../model/errors.js';
import type { Transport } from '../transport.js';

/** A block of flash is written within this, in milliseconds: between two the chip can be left. */
const GRACE_MS = 1500;
/** How long the loss of a port may take to be told (a hung-up terminal is looked at once a second). */
const TOLD_MS = 1200;

export class Guard {
  readonly #port: Transport;
  readonly #signal: AbortSignal | undefined;
  readonly #line: { readonly failure?: TinyLMError | undefined };
  readonly #ends = new Set<(error: TinyLMError) => void>();
  readonly #stops = new Set<() => void>();
  readonly #off: () => void;
  #lost: TinyLMError | undefined;
  #moved = 0;

  /** @param line what esptool-js writes to: knows of a write that failed before the port's end is told */
  constructor(
    port: Transport,
    signal: AbortSignal | undefined,
    line: { readonly failure?: TinyLMError | undefined } = {},
  ) {
    this.#port = port;
    this.#line = line;
    this.#signal = signal;
    const offClose = port.onClose((error) => {
      // esptool-js closes and opens a port whose speed cannot be changed: that is no loss.
      if (!error) return;
      this.#lost = error;
      this.#end(error);
    });
    const stop = (): void => {
      for (const each of [...this.#stops]) each();
    };
    signal?.addEventListener('abort', stop);
    this.#off = () => {
      offClose();
      signal?.removeEventListener('abort', stop);
    };
  }

  #end(error: TinyLMError): void {
    for (const end of [...this.#ends]) end(error);
  }

  /** Something has come of it: the wait begins anew. @throws TinyLMError when it has ended from outside */
  moved(): void {
    this.#check();
    this.#moved = performance.now();
  }

  /**
   * Waits for work.
   * @param ms without a move
   * @param what the chip does not do then, for the message
   * @param graceMs after a stop, for the work to end by itself where it can
   * @throws TinyLMError the loss of the port, `flash-stopped`, `flash-stalled`
   */
  async during<T>(work: Promise<T>, ms: number, what: string, graceMs = GRACE_MS): Promise<T> {
    work.catch(() => undefined); // after an end from outside nobody waits for it
    this.moved();
    let timer: ReturnType<typeof setInterval> | undefined;
    let grace: ReturnType<typeof setTimeout> | undefined;
    let end: (error: TinyLMError) => void = () => undefined;
    const stop = (): void => {
      grace = setTimeout(() => end(stopped()), graceMs);
    };
    const ended = new Promise<never>((_, reject) => {
      end = reject;
      this.#ends.add(end);
      this.#stops.add(stop);
      timer = setInterval(
        () => {
          if (performance.now() - this.#moved < ms) return;
          reject(
            new TinyLMError(
              'flash-stalled',
              `${this.#port.name}: the chip does not ${what} (${Math.round(ms / 1000)} s)`,
              'press RESET and run the same command again, with a lower --baud if it happens often',
            ),
          );
        },
        Math.min(250, ms),
      );
    });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      if (!(error instanceof TinyLMError)) await this.#told(error);
      this.#check(); // a loss or a stop is the cause of whatever came of it
      throw error;
    } finally {
      clearInterval(timer);
      clearTimeout(grace);
      this.#ends.delete(end);
      this.#stops.delete(stop);
    }
  }

  /** esptool-js may fail a moment before the loss of the port is told; what is in flash has nothing to do with it. */
  async #told(error: unknown): Promise<void> {
    if (error instanceof Error && /MD5/.test(error.message)) return;
    for (const end = performance.now() + TOLD_MS; performance.now() < end && !this.#lost && !this.#line.failure; )
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** @throws TinyLMError when it has ended from outside already */
  #check(): void {
    if (this.#signal?.aborted) throw stopped();
    if (this.#lost) throw this.#lost;
    if (this.#line.failure) throw this.#line.failure;
  }

  /** Lets go of port and signal. */
  release(): void {
    this.#off();
  }
}

const stopped = (): TinyLMError =>
  new TinyLMError('flash-stopped', 'stopped before everything was written', 'flash again');
