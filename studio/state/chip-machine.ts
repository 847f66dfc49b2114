/** From a cable to a talk: what the page shows of a chip, real or virtual, and what it asks of the chip's worker. */
import type { Machine } from './machine.js';

export type ChipState =
  /** Choose a board. */
  | 'start'
  /** The browser's list of ports is open. */
  | 'choosing'
  /** The list was closed without a choice: help. */
  | 'noPort'
  /** Is TinyLM's firmware there? */
  | 'asking'
  /** What chip is it, by its loader? */
  | 'detecting'
  /** It is known what is there: choose what to write, or talk. */
  | 'ready'
  | 'flashing'
  /** The program was started: does it answer? */
  | 'waking'
  | 'talking'
  /** With an error and what to do. */
  | 'trouble';
export type ChipEvent =
  | 'choose'
  | 'chooseVirtual'
  | 'chosen'
  | 'notChosen'
  | 'answers'
  | 'silent'
  | 'detected'
  | 'detect'
  | 'flash'
  | 'flashed'
  | 'talk'
  | 'failed'
  | 'lost'
  | 'close'
  | 'again';
export type ChipGuard = 'hasModel' | 'modelThere';
export type ChipAction =
  | 'askPort'
  | 'startVirtual'
  | 'callInfo'
  | 'callDetect'
  | 'callFlash'
  | 'closePort'
  | 'compareFit';

const trouble = { failed: [{ to: 'trouble' }], lost: [{ to: 'trouble', does: ['closePort'] }] } as const;
const close = { close: [{ to: 'start', does: ['closePort'] }] } as const;
const choose = {
  choose: [{ to: 'choosing', does: ['askPort'] }],
  chooseVirtual: [{ to: 'choosing', does: ['startVirtual'] }],
} as const;

export const CHIP: Machine<ChipState, ChipEvent, ChipGuard, ChipAction> = {
  initial: 'start',
  states: {
    start: choose,
    choosing: { chosen: [{ to: 'asking', does: ['callInfo'] }], notChosen: [{ to: 'noPort' }], ...trouble, ...close },
    noPort: { ...choose, ...close },
    asking: {
      answers: [{ to: 'ready', does: ['compareFit'] }],
      silent: [{ to: 'detecting', does: ['callDetect'] }],
      ...trouble,
      ...close,
    },
    detecting: { detected: [{ to: 'ready', does: ['compareFit'] }], ...trouble, ...close },
    ready: {
      flash: [{ to: 'flashing', when: 'hasModel', does: ['callFlash'] }],
      detect: [{ to: 'detecting', does: ['callDetect'] }],
      talk: [{ to: 'talking', when: 'modelThere' }],
      ...trouble,
      ...close,
    },
    flashing: { flashed: [{ to: 'waking', does: ['callInfo'] }], ...trouble },
    waking: {
      answers: [
        { to: 'talking', when: 'modelThere' },
        { to: 'ready', does: ['compareFit'] },
      ],
      silent: [{ to: 'trouble' }],
      ...trouble,
      ...close,
    },
    talking: {
      flash: [{ to: 'flashing', when: 'hasModel', does: ['callFlash'] }],
      talk: [{ to: 'ready', does: ['compareFit'] }],
      ...trouble,
      ...close,
    },
    trouble: {
      again: [{ to: 'asking', does: ['callInfo'] }],
      ...choose,
      close: [{ to: 'start', does: ['closePort'] }],
    },
  },
};
