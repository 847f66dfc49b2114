/** State machines as data: which event leads from a state where to, on what condition, and what is done on the way. */

export interface Transition<State, Guard, Action> {
  readonly to: State;
  /** Must hold; the first transition of an event whose guard holds is taken. */
  readonly when?: Guard;
  /** In this order, after the state has changed. */
  readonly does?: readonly Action[];
}

export interface Machine<State extends string, Event extends string, Guard extends string, Action extends string> {
  readonly initial: State;
  readonly states: Readonly<
    Record<State, Readonly<Partial<Record<Event, readonly Transition<State, Guard, Action>[]>>>>
  >;
}

export interface Step<State, Action> {
  readonly state: State;
  readonly does: readonly Action[];
}

/** Where an event leads; undefined where it means nothing in this state. */
export function next<State extends string, Event extends string, Guard extends string, Action extends string>(
  machine: Machine<State, Event, Guard, Action>,
  state: State,
  event: Event,
  facts: Readonly<Record<Guard, boolean>>,
): Step<State, Action> | undefined {
  const taken = machine.states[state][event]?.find(({ when }) => when === undefined || facts[when]);
  return taken && { state: taken.to, does: taken.does ?? [] };
}

/** States that no chain of events reaches from the first one: a mistake in a machine. */
export function unreachable<State extends string, Event extends string, Guard extends string, Action extends string>(
  machine: Machine<State, Event, Guard, Action>,
): State[] {
  const seen = new Set<State>([machine.initial]);
  for (const state of seen)
    for (const transitions of Object.values(machine.states[state]) as (readonly Transition<State, Guard, Action>[])[])
      for (const { to } of transitions) seen.add(to);
  return (Object.keys(machine.states) as State[]).filter((state) => !seen.has(state));
}
