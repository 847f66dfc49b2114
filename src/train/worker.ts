/** A training thread: an instance of the kernels on the shared memory, which runs what it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerTask } from './backend.js';

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Highest address of this worker's own stack. */
  readonly stackTop: number;
  readonly index: number;
}

/** A task, and where the trainer is. */
export type WorkerMessage = WorkerTask & { readonly trainer: number };

interface Kernels {
  readonly __stack_pointer: WebAssembly.Global;
  trainer_run(trainer: number, worker: number, position: number, steps: number, update: number): number;
  trainer_evaluate(trainer: number, worker: number, segments: number): number;
}

const start = workerData as WorkerStart;
const instance = new WebAssembly.Instance(start.module, { env: { memory: start.memory } });
const kernels = instance.exports as unknown as Kernels;
kernels.__stack_pointer.value = start.stackTop;

parentPort!.on('message', (task: WorkerMessage) => {
  let answer = 0;
  switch (task.kind) {
    case 'run':
      answer = kernels.trainer_run(task.trainer, start.index, task.position, task.steps, Number(task.update));
      break;
    case 'evaluate':
      answer = kernels.trainer_evaluate(task.trainer, start.index, task.segments);
      break;
    default:
      task satisfies never;
  }
  parentPort!.postMessage(answer);
});
parentPort!.postMessage(0); // ready
