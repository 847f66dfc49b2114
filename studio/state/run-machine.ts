/** A training run as the page sees it. The worker does the work; this says what the person can do, and what is asked of it. */
import type { Machine } from './machine.js';

export type RunState =
  /** Nothing trains; a run of an earlier visit may wait. */
  | 'idle'
  /** Asked for, no word yet. */
  | 'starting'
  | 'running'
  | 'pausing'
  | 'paused'
  /** To be stopped, with the model kept as it stands. */
  | 'stopping'
  /** The model is there. */
  | 'ended'
  | 'failed';
export type RunEvent =
  | 'start'
  | 'restore'
  | 'started'
  | 'pause'
  | 'paused'
  | 'resume'
  | 'resumed'
  | 'stop'
  | 'leave'
  | 'ended'
  | 'failed'
  | 'again';
export type RunGuard = 'hasText';
export type RunAction =
  | 'callStart'
  | 'callRestore'
  | 'callPause'
  | 'callResume'
  | 'callStop'
  | 'callLeave'
  | 'clear'
  | 'showModel'
  | 'listRuns';

const begin = {
  start: [{ to: 'starting', when: 'hasText', does: ['clear', 'callStart'] }],
  restore: [{ to: 'starting', does: ['clear', 'callRestore'] }],
} as const;
const over = {
  ended: [{ to: 'ended', does: ['showModel', 'listRuns'] }],
  failed: [{ to: 'failed', does: ['listRuns'] }],
} as const;
const leave = { leave: [{ to: 'idle', does: ['callLeave', 'listRuns'] }] } as const;

export const RUN: Machine<RunState, RunEvent, RunGuard, RunAction> = {
  initial: 'idle',
  states: {
    idle: begin,
    starting: { started: [{ to: 'running' }], ...leave, ...over },
    running: {
      pause: [{ to: 'pausing', does: ['callPause'] }],
      stop: [{ to: 'stopping', does: ['callStop'] }],
      ...leave,
      ...over,
    },
    // It may end, or be told to go on, before it has paused.
    pausing: { paused: [{ to: 'paused' }], ...over },
    paused: {
      resume: [{ to: 'running', does: ['callResume'] }],
      stop: [{ to: 'stopping', does: ['callStop'] }],
      ...leave,
      ...over,
    },
    stopping: over,
    ended: { ...begin, again: [{ to: 'idle', does: ['clear', 'listRuns'] }] },
    failed: { ...begin, again: [{ to: 'idle', does: ['clear', 'listRuns'] }] },
  },
};

/** Whether a run holds the trainer. */
export const busy = (state: RunState): boolean => !['idle', 'ended', 'failed'].includes(state);
