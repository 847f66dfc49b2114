/**
 * What may end a conversation with a flash loader from outside: the port is lost, somebody stops it, or nothing moves
 * any more. esptool-js notices none of these for sure, so each of its answers is waited for here.
 */
import { TinyLMError } from '../../model/errors.js';
import type { Transport } from '../transport.js';

/** A block of flash is written within this, in milliseconds: between two the chip can be left. */
const GRACE_MS = 1500;

export class Guard {
  readonly #port: Transport;
  readonly #signal: AbortSignal | undefined;
  readonly #ends = new Set<(error: TinyLMError) => void>();
  readonly #stops = new Set<() => void>();
  readonly #off: () => void;
  #lost: TinyLMError | undefined;
  #moved = 0;

  constructor(port: Transport, signal: AbortSignal | undefined) {
    this.#port = port;
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
      this.#check(); // a loss or a stop is the cause of whatever came of it
      throw error;
    } finally {
      clearInterval(timer);
      clearTimeout(grace);
      this.#ends.delete(end);
      this.#stops.delete(stop);
    }
  }

  /** @throws TinyLMError when it has ended from outside already */
  #check(): void {
    if (this.#signal?.aborted) throw stopped();
    if (this.#lost) throw this.#lost;
  }

  /** Lets go of port and signal. */
  release(): void {
    this.#off();
  }
}

const stopped = (): TinyLMError =>
  new TinyLMError('flash-stopped', 'stopped before everything was written', 'flash again');
