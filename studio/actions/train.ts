/** The training run on this page: the machine's actions are calls to the trainer's worker. */
import { computed, signal } from '@preact/signals';
import type { HistoryPoint, TrainOptions } from '../../src/train/index.js';
import type { Failure, StoredRun, TrainMessage, TrainResult } from '../../src/web/protocol.js';
import { RUN } from '../state/run-machine.js';
import { cancelled, failureOf } from '../state/trouble.js';
import { drive } from './drive.js';
import { addModel } from './models.js';
import { modelAsk, trainFlags } from './size.js';
import { found } from './text.js';
import { trainer } from './workers.js';

export type Progress = Extract<TrainMessage, { kind: 'progress' }>;
export interface Sample {
  readonly step: number;
  readonly bits: number;
  readonly text: string;
}

export const progress = signal<Progress | undefined>(undefined);
export const history = signal<readonly HistoryPoint[]>([]);
export const samples = signal<readonly Sample[]>([]);
export const started = signal<
  { readonly options: TrainOptions; readonly threads: number; readonly notes: readonly string[] } | undefined
>(undefined);
export const result = signal<TrainResult | undefined>(undefined);
export const runTrouble = signal<Failure | undefined>(undefined);
/** A checkpoint that could not be written; training goes on. */
export const storeTrouble = signal<Failure | undefined>(undefined);
export const runs = signal<readonly StoredRun[]>([]);
export const runName = signal('');
const runId = signal('');
let toRestore = '';

/** Runs of earlier visits, without the one at work. */
export const earlier = computed(() => runs.value.filter((r) => r.run !== runId.value || run.state.value === 'idle'));
export const bestBits = computed(() => history.value.reduce((best, { valid }) => Math.min(best, valid), Infinity));

const SAMPLES_KEPT = 40;

/** The run that was at work when the page was left: it goes on by itself. One that was paused waits. */
const AT_WORK = 'tinylm-run';
function keepInMind(id: string | undefined): void {
  try {
    if (id === undefined) sessionStorage.removeItem(AT_WORK);
    else sessionStorage.setItem(AT_WORK, id);
  } catch {
    // Storage is closed: the list of runs says how to go on.
  }
}

function hear(message: TrainMessage): void {
  switch (message.kind) {
    case 'started':
      runId.value = message.run;
      started.value = message;
      history.value = message.history;
      keepInMind(message.run);
      run.send('started');
      break;
    case 'progress':
      progress.value = message;
      break;
    case 'evaluation': {
      const { point, sample } = message;
      history.value = [...history.value.filter(({ step }) => step < point.step), point];
      if (sample !== undefined)
        samples.value = [{ step: point.step, bits: point.valid, text: sample }, ...samples.value].slice(
          0,
          SAMPLES_KEPT,
        );
      break;
    }
    case 'paused':
      keepInMind(undefined);
      run.send('paused');
      break;
    case 'resumed':
      keepInMind(runId.value);
      run.send('resumed');
      break;
    case 'trouble':
      storeTrouble.value = message.failure;
      break;
    default:
      message satisfies never;
  }
}

async function see(training: Promise<TrainResult>): Promise<void> {
  try {
    const end = await training.finally(() => keepInMind(undefined));
    result.value = end;
    history.value = end.history;
    await addModel({ name: runName.value, from: 'trained', run: end.run, tlm: end.tlm });
    run.send('ended');
  } catch (error) {
    if (!cancelled(error)) runTrouble.value = failureOf(error);
    run.send('failed');
  }
}

/** Tells the run at work something; its own call says what came of it. */
function tell(call: 'train/pause' | 'train/resume'): void {
  trainer()
    .call(call, { run: runId.value })
    .catch((error: unknown) => {
      runTrouble.value = failureOf(error);
    });
}
function stop(keep: boolean): void {
  trainer()
    .call('train/stop', { run: runId.value, keep })
    .catch((error: unknown) => {
      runTrouble.value = failureOf(error);
    });
}

export const run = drive(
  RUN,
  { hasText: () => found.value !== undefined && modelAsk.value !== undefined },
  {
    clear: () => {
      progress.value = result.value = started.value = runTrouble.value = storeTrouble.value = undefined;
      history.value = samples.value = [];
      runId.value = '';
    },
    callStart: () => {
      const { corpus, name } = found.value!;
      runName.value = name;
      void see(
        trainer().call(
          'train/start',
          { corpus, model: modelAsk.value!, train: trainFlags.value, name },
          { onEvent: hear },
        ),
      );
    },
    callRestore: () => {
      runId.value = toRestore;
      runName.value = runs.value.find((r) => r.run === toRestore)?.name ?? '';
      const { threads } = trainFlags.value;
      void see(
        trainer().call(
          'train/restore',
          { run: toRestore, ...(threads !== undefined && { threads }) },
          { onEvent: hear },
        ),
      );
    },
    callPause: () => tell('train/pause'),
    callResume: () => tell('train/resume'),
    callStop: () => stop(true),
    callLeave: () => stop(false),
    showModel: () => {},
    listRuns: () => void listRuns(),
  },
);

/** After a reload: the list of runs, and the one that was at work goes on. */
export async function takeUp(): Promise<void> {
  let id: string | null = null;
  try {
    id = sessionStorage.getItem(AT_WORK);
  } catch {
    // as above
  }
  await listRuns();
  if (id !== null && run.state.value === 'idle' && runs.value.some((r) => r.run === id && r.state === 'open'))
    restore(id);
}

export function restore(id: string): void {
  toRestore = id;
  run.send('restore');
}

export async function listRuns(): Promise<void> {
  runs.value = await trainer().call('runs/list', {});
}

export async function removeRun(id: string): Promise<void> {
  await trainer().call('runs/remove', { run: id });
  await listRuns();
}

/** The model of an earlier run, to be tried. */
export async function tryRun({ run: id, name }: StoredRun): Promise<boolean> {
  try {
    const { tlm } = await trainer().call('runs/model', { run: id });
    return await addModel({ name, from: 'trained', run: id, tlm });
  } catch (error) {
    runTrouble.value = failureOf(error);
    return false;
  }
}
