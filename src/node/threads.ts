/** Training threads of Node. */
import { Worker } from 'node:worker_threads';
import { sharedKernels, type StartThread, type TrainerKernels } from '../train/index.js';
import { readWasm } from './assets.js';

/** A thread on worker_threads. */
export const startThread: StartThread = async (start) => {
  // Threads run the compiled file.
  const worker = new Worker(new URL('./train-thread.js', import.meta.url), { workerData: start });
  await once(worker);
  return {
    run(task) {
      const done = once(worker);
      worker.postMessage(task);
      return done;
    },
    end: async () => void (await worker.terminate()),
  };
};

/** The trainer as WebAssembly in threads of this process. @param wasm default: the portable build */
export const threadedKernels = (wasm: BufferSource = readWasm('trainer')): TrainerKernels =>
  sharedKernels(wasm, startThread);

/** The next message of a worker; rejects when it fails. */
function once(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (action: () => void) => () => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      action();
    };
    const onMessage = (answer: number) => done(() => resolve(answer))();
    const onExit = done(() => reject(new Error('a training thread ended unexpectedly')));
    const onError = (error: Error) => done(() => reject(error))();
    worker.once('message', onMessage).once('error', onError).once('exit', onExit);
  });
}
