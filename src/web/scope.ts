/** A worker's own scope as an endpoint. What comes before somebody listens is kept. */
import type { Endpoint } from './calls.js';

interface Scope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

export function scope(): Endpoint {
  const own = globalThis as unknown as Scope;
  let early: MessageEvent[] = [];
  const keep = (event: MessageEvent): void => void early.push(event);
  own.addEventListener('message', keep);
  return {
    postMessage: (message, transfer) => own.postMessage(message, transfer),
    addEventListener(type, listener) {
      own.removeEventListener(type, keep);
      own.addEventListener(type, listener);
      const kept = early;
      early = [];
      kept.forEach(listener);
    },
  };
}
