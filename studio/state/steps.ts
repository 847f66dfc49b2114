/** The steps of the page, and when each is open. */

export const STEPS = ['text', 'size', 'train', 'try', 'chip'] as const;
export type StepName = (typeof STEPS)[number];

/** What is there so far. */
export interface Facts {
  /** A text was read. */
  readonly text: boolean;
  /** A run is under way, or has ended on this page. */
  readonly run: boolean;
  /** Runs of earlier visits wait in the browser. */
  readonly stored: boolean;
  /** A model can be tried: trained, or opened from a file. */
  readonly model: boolean;
}

/** Why a step is closed; undefined when it is open. */
export function closed(step: StepName, { text, run, stored, model }: Facts): 'needs-text' | 'needs-model' | undefined {
  switch (step) {
    case 'text':
      return undefined;
    case 'size':
      return text ? undefined : 'needs-text';
    case 'train':
      return text || run || stored ? undefined : 'needs-text';
    case 'try':
    case 'chip':
      return model ? undefined : 'needs-model';
    default:
      return step satisfies never;
  }
}

/** The step asked for, or the nearest one before it that is open: what a link or the back button may ask for. */
export function openStep(wanted: string, facts: Facts): StepName {
  const at = STEPS.indexOf(wanted as StepName);
  for (let i = at; i >= 0; i--) if (closed(STEPS[i], facts) === undefined) return STEPS[i];
  return 'text';
}

/** What is done already: what the stepper ticks. */
export function done(step: StepName, { text, run, model }: Facts): boolean {
  return { text, size: run || (model && text), train: model && run, try: false, chip: false }[step];
}
