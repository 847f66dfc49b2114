/** The script of the trainer worker: text, sizes, training, export. */
import { openEngine, sharedTrainer, singleTrainer, sketch } from './assets.js';
import { serve } from './calls.js';
import { pageKernels } from './kernels.js';
import type { TrainerCalls } from './protocol.js';
import { scope } from './scope.js';
import { openStore } from './store.js';
import { trainerHandlers } from './trainer-calls.js';

const thread = (): Worker => new Worker(new URL('./train-thread.ts', import.meta.url), { type: 'module', name: 'training thread' });
const { kernels, threads, note } = pageKernels({ shared: sharedTrainer, single: singleTrainer, thread },
  globalThis.crossOriginIsolated, navigator.hardwareConcurrency);

// Messages that come before the store is open wait in the endpoint.
const endpoint = scope();
const { store, note: lost } = await openStore();
const notes = [note, lost].filter((n) => n !== undefined);
serve<TrainerCalls>(endpoint, trainerHandlers({ store, kernels, threads, open: openEngine, sketch, notes, host: 'browser' }));
