/** What a training thread does: an instance of the kernels on the shared memory, which runs what it is told. */
import type { WorkerTask } from './backend.js';

/** What a thread is started with. All of it can be sent to one. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Highest address of this thread's own stack. */
  readonly stackTop: number;
  readonly index: number;
}

/** A task, and where the trainer is. */
export type ThreadTask = WorkerTask & { readonly trainer: number };

/** A thread that stands ready. */
export interface Thread {
  /** Resolves to what the kernels answer; rejects when the thread fails. One task at a time. */
  run(task: ThreadTask): Promise<number>;
  /** Ends it; a task that still runs may be given up. */
  end(): Promise<void>;
}

/** Starts a thread that calls `kernelThread`: src/node/threads.ts and src/web/threads.ts. Resolves when it stands ready. */
export type StartThread = (start: ThreadStart) => Promise<Thread>;

interface Kernels {
  readonly __stack_pointer: WebAssembly.Global;
  trainer_run(trainer: number, worker: number, position: number, steps: number, update: number): number;
  trainer_evaluate(trainer: number, worker: number, segments: number): number;
}

/** Runs a task in a worker's own instance of the kernels. @returns what they answer */
export function runTask(instance: WebAssembly.Instance, index: number, task: ThreadTask): number {
  const kernels = instance.exports as unknown as Kernels;
  switch (task.kind) {
    case 'run':
      return kernels.trainer_run(task.trainer, index, task.position, task.steps, Number(task.update));
    case 'evaluate':
      return kernels.trainer_evaluate(task.trainer, index, task.segments);
    default:
      return task satisfies never;
  }
}

/** Within a thread: makes its instance. @returns what runs tasks in it */
export function kernelThread({ module, memory, stackTop, index }: ThreadStart): (task: ThreadTask) => number {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  (instance.exports as unknown as Kernels).__stack_pointer.value = stackTop;
  return (task) => runTask(instance, index, task);
}
