/** Which kernels a page can have: threads need shared memory, which browsers give to pages that are cross-origin isolated. */
import { sharedKernels, singleKernels, type TrainerKernels } from '../train/index.js';
import { workerThreads } from './threads.js';

export interface PageKernels {
  readonly kernels: TrainerKernels;
  readonly threads: number;
  /** Why it is one thread. */
  readonly note?: string;
}

export interface KernelSources {
  readonly shared: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly single: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly thread: () => Worker;
}

/** Kernels whose code is loaded when they are first needed. */
function lazily(load: () => Promise<TrainerKernels>): TrainerKernels {
  let loaded: Promise<TrainerKernels> | undefined;
  return { create: async (config, workers) => (await (loaded ??= load())).create(config, workers) };
}

/** @param isolated `crossOriginIsolated`; @param cores `navigator.hardwareConcurrency` */
export function pageKernels({ shared, single, thread }: KernelSources, isolated: boolean, cores: number): PageKernels {
  if (isolated)
    return { kernels: lazily(async () => sharedKernels(await shared(), workerThreads(thread))), threads: Math.max(1, cores) };
  return {
    kernels: lazily(async () => singleKernels(await single())),
    threads: 1,
    note: 'this page has no shared memory (it is not cross-origin isolated): one thread trains',
  };
}
