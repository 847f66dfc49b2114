/** A turn of the event loop, in Node and in browsers. */

interface Immediates {
  setImmediate?(work: () => void): unknown;
  clearImmediate?(handle: unknown): void;
}

let channel: MessageChannel | undefined;
const waiting = new Map<number, () => void>();
let last = 0;

/**
 * Calls `work` after what waits already: messages and input get in between. By setImmediate where there is one; else by a message
 * channel, because browsers hold timers back.
 * @returns takes it back
 */
export function afterTask(work: () => void): () => void {
  const { setImmediate, clearImmediate } = globalThis as Immediates;
  if (setImmediate !== undefined) {
    const handle = setImmediate(work);
    return () => clearImmediate?.(handle);
  }
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = ({ data }: MessageEvent<number>) => {
      const due = waiting.get(data);
      waiting.delete(data);
      due?.();
    };
  }
  const id = ++last;
  waiting.set(id, work);
  channel.port2.postMessage(id);
  return () => waiting.delete(id);
}

/** Resolves after what waits already. */
export const nextTask = (): Promise<void> => new Promise((resolve) => afterTask(resolve));
