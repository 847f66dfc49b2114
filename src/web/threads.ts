/** Training threads of a page: Web Workers on shared memory, where the page is cross-origin isolated. */
import { kernelThread, type StartThread, type ThreadStart, type ThreadTask } from '../train/index.js';

/** The part of a Worker that is used. */
interface ThreadWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  addEventListener(type: 'message', listener: (event: MessageEvent<number>) => void): void;
  addEventListener(type: 'error', listener: (event: Event & { message?: string }) => void): void;
}

/** @param make starts a worker whose script calls {@link serveThread} */
export function workerThreads(make: () => ThreadWorker): StartThread {
  return async (start) => {
    const worker = make();
    let settle: { resolve: (answer: number) => void; reject: (error: Error) => void } | undefined;
    let failure: Error | undefined;
    worker.addEventListener('message', ({ data }) => settle?.resolve(data));
    worker.addEventListener('error', (event) => {
      failure = new Error(`a training thread failed: ${event.message || 'its script could not be loaded'}`);
      settle?.reject(failure);
    });
    const next = (): Promise<number> => new Promise((resolve, reject) => {
      settle = { resolve, reject };
      if (failure) reject(failure);
    });
    const ready = next();
    worker.postMessage(start);
    await ready;
    return {
      run(task) {
        const answer = next();
        worker.postMessage(task);
        return answer;
      },
      end: async () => void (await worker.terminate()),
    };
  };
}

/** The scope of a thread's worker. */
interface ThreadScope {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ThreadStart & ThreadTask>) => void): void;
}

/** What the script of such a worker does: the first message starts it, each other one is a task. */
export function serveThread(scope: ThreadScope): void {
  let run: ((task: ThreadTask) => number) | undefined;
  scope.addEventListener('message', ({ data }) => {
    if (run !== undefined) return scope.postMessage(run(data));
    run = kernelThread(data);
    scope.postMessage(0); // ready
  });
}
