/** Calls between a page and its workers, as protocol.ts lists them: the page's side and the worker's. */
import { TinyLMError } from '../model/errors.js';
import type { Call, Failure, FromWorker, ToWorker } from './protocol.js';

type Calls<C> = { readonly [N in keyof C]: Call };

/** A worker, a worker's own scope, or a message port. */
export interface Endpoint {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  /** Of a message port: messages come from here on. */
  start?(): void;
}

export interface CallOptions<E> {
  readonly onEvent?: (event: E) => void;
  /** Aborted: the worker is told, and ends the call in the way that protocol.ts says. */
  readonly signal?: AbortSignal;
  /** What is handed over instead of copied. */
  readonly transfer?: Transferable[];
}

export interface Connection<C extends Calls<C>> {
  /** @throws TinyLMError with the worker's code, message and hint */
  call<N extends keyof C & string>(name: N, ask: C[N]['ask'], options?: CallOptions<C[N]['event']>): Promise<C[N]['answer']>;
}

interface Open {
  readonly onEvent: (event: unknown) => void;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The page's side. A worker that cannot be loaded fails all its calls with `worker-failed`. */
export function connect<C extends Calls<C>>(worker: Endpoint): Connection<C> {
  const open = new Map<number, Open>();
  let last = 0;
  let broken: TinyLMError | undefined;
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    const waiting = open.get(data.id);
    if (waiting === undefined) return;
    if ('event' in data) return waiting.onEvent(data.event);
    open.delete(data.id);
    if ('error' in data) waiting.reject(errorOf(data.error));
    else waiting.resolve(data.answer);
  });
  (worker as EventTarget & Endpoint).addEventListener('error', (event: Event) => {
    const { message } = event as ErrorEvent;
    broken = new TinyLMError('worker-failed', `a part of this page has failed: ${message || 'it could not be loaded'}`, 'reload the page');
    for (const { reject } of open.values()) reject(broken);
    open.clear();
  });
  worker.start?.();
  return {
    call(call, ask, { onEvent = () => {}, signal, transfer = [] } = {}) {
      if (broken !== undefined) return Promise.reject(broken);
      const id = ++last;
      return new Promise((resolve, reject) => {
        const abort = (): void => worker.postMessage({ id, cancel: true } satisfies ToWorker, []);
        const over = (): void => signal?.removeEventListener('abort', abort);
        open.set(id, {
          onEvent: onEvent as (event: unknown) => void,
          resolve: (answer) => {
            over();
            resolve(answer as never);
          },
          reject: (error) => {
            over();
            reject(error);
          },
        });
        worker.postMessage({ id, call, ask } satisfies ToWorker, transfer);
        if (signal?.aborted) abort();
        else signal?.addEventListener('abort', abort);
      });
    },
  };
}

/** What a handler can do besides answering. */
export interface Telling<E> {
  tell(event: E): void;
  /** The page has cancelled the call. */
  readonly signal: AbortSignal;
}

export type Handlers<C extends Calls<C>> = {
  readonly [N in keyof C]: (ask: C[N]['ask'], telling: Telling<C[N]['event']>) => C[N]['answer'] | Promise<C[N]['answer']>;
};

/** The worker's side: calls run as they come, at the same time where handlers wait. */
export function serve<C extends Calls<C>>(page: Endpoint, handlers: Handlers<C>): void {
  const running = new Map<number, AbortController>();
  const send = (message: FromWorker): void => page.postMessage(message, []);
  page.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    if ('cancel' in data) {
      running.get(data.id)?.abort();
      return;
    }
    const { id, call, ask } = data;
    const stop = new AbortController();
    running.set(id, stop);
    void (async () => {
      try {
        const handler = (handlers as Record<string, ((ask: unknown, telling: Telling<unknown>) => unknown) | undefined>)[call];
        if (handler === undefined) throw new Error(`there is no call ${call}`);
        const answer = await handler(ask, { tell: (event) => send({ id, event }), signal: stop.signal });
        send({ id, answer });
      } catch (error) {
        send({ id, error: failureOf(error) });
      } finally {
        running.delete(id);
      }
    })();
  });
  page.start?.();
}

/** An error in the form that crosses. What is not one of ours is a fault of the program. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TinyLMError)
    return { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
  const said = error instanceof Error ? error.message : String(error);
  return { code: 'unexpected', message: said, hint: 'this is a fault of TinyLM itself; please report it with these words' };
}

export const errorOf = ({ code, message, hint }: Failure): TinyLMError => new TinyLMError(code, message, hint);
