/** The page's workers, each started when it is first needed. */
import { connect, type Connection } from '../../src/web/calls.js';
import type { ChipCalls, EngineCalls, TrainerCalls, VirtualCalls } from '../../src/web/protocol.js';

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export const trainer = once(
  (): Connection<TrainerCalls> =>
    connect(new Worker(new URL('../../src/web/train-worker.ts', import.meta.url), { type: 'module', name: 'trainer' })),
);
export const engine = once(
  (): Connection<EngineCalls> =>
    connect(new Worker(new URL('../../src/web/engine-worker.ts', import.meta.url), { type: 'module', name: 'engine' })),
);
export const chip = once(
  (): Connection<ChipCalls> =>
    connect(new Worker(new URL('../../src/web/chip-worker.ts', import.meta.url), { type: 'module', name: 'chip' })),
);
export const virtual = once(
  (): Connection<VirtualCalls> =>
    connect(
      new Worker(new URL('../../src/web/virtual-worker.ts', import.meta.url), { type: 'module', name: 'virtual chip' }),
    ),
);
