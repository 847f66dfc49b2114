/** A machine at work: its state as a signal, and what its actions do. */
import { signal, type Signal } from '@preact/signals';
import { next, type Machine } from '../state/machine.js';

export interface Driven<State extends string, Event extends string> {
  readonly state: Signal<State>;
  /** @returns whether the event meant anything in this state */
  send(event: Event): boolean;
}

export function drive<State extends string, Event extends string, Guard extends string, Action extends string>(
  machine: Machine<State, Event, Guard, Action>,
  guards: Readonly<Record<Guard, () => boolean>>,
  actions: Readonly<Record<Action, () => void>>,
): Driven<State, Event> {
  const state = signal<State>(machine.initial);
  return {
    state,
    send(event) {
      const facts = Object.fromEntries(
        Object.entries<() => boolean>(guards).map(([name, holds]) => [name, holds()]),
      ) as Record<Guard, boolean>;
      const step = next(machine, state.peek(), event, facts);
      if (step === undefined) return false;
      state.value = step.state;
      for (const action of step.does) actions[action]();
      return true;
    },
  };
}
