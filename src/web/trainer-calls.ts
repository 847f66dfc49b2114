/** What the trainer worker answers: text, sizes, training, export. */
import { TinyLMError } from '../model/errors.js';
import { encodeTokenizer } from '../format/index.js';
import { begin, measureSpeed, planRun, prepareRun, VERSION, type Begun, type RunPlan } from '../run/index.js';
import { stepsPerEpoch } from '../train/index.js';
import type { Handlers } from './calls.js';
import { exportFile, type ExportTools } from './exports.js';
import type { ModelAsk, TrainerCalls, TrainFlags } from './protocol.js';
import { figuresOf, sizeChoices, sizeFigures, textFacts, wantedOf, type TextFacts } from './sizes.js';
import { describeRun, StoredFiles } from './stored-run.js';
import { readSources, type ReadText } from './texts.js';
import { Trainer, type TrainTools } from './training.js';

/** How long the speed is measured, in progress events of about a second. */
const TRIAL = 3;
/** Tokenizers and tokens of the last few models that were looked at: a slider goes to and fro. */
const BEGUN_KEPT = 4;

/** @param tools handed in, so that tests need no browser */
export function trainerHandlers(tools: TrainTools & ExportTools): Handlers<TrainerCalls> {
  const { store, kernels, notes } = tools;
  const trainer = new Trainer(tools);
  const texts = new Map<string, ReadText>();
  const facts = new WeakMap<ReadText, TextFacts>();
  const begun = new Map<string, Begun>();
  const textOf = (id: string): ReadText => {
    const text = texts.get(id);
    if (text === undefined)
      throw new TinyLMError('corpus-unknown', 'this text is not there any more', 'choose it again');
    return text;
  };
  const prepared = (corpus: string, model: ModelAsk, flags: TrainFlags): RunPlan => {
    const { documents, record } = textOf(corpus);
    const wanted = wantedOf(model);
    const key = JSON.stringify([corpus, model]);
    const made = begun.get(key) ?? begin(documents, wanted, record, record.name);
    begun.delete(key);
    begun.set(key, made);
    if (begun.size > BEGUN_KEPT) begun.delete(begun.keys().next().value!);
    return prepareRun(documents, record, wanted, flags, made);
  };
  return {
    about: () => ({ version: VERSION, threads: tools.threads, store: store.kind, notes }),
    async 'corpus/read'({ sources, flags }) {
      const text = await readSources(sources, flags);
      const corpus = `text-${texts.size + 1}`;
      texts.set(corpus, text);
      return { corpus, ...text.found };
    },
    'size/choices': ({ corpus, ...ask }) => {
      const text = textOf(corpus);
      const known = facts.get(text) ?? textFacts(text.documents, text.record.name);
      facts.set(text, known);
      return sizeChoices(known, ask);
    },
    'size/figures': ({ model, ...ask }) => sizeFigures(model, ask),
    async 'train/plan'({ corpus, model, train: flags, measure = false, ...ask }) {
      const plan = prepared(corpus, model, flags);
      const { data, base } = plan;
      const setup = { kernels, threads: Math.min(flags.threads ?? tools.threads, tools.threads) };
      const speed =
        measure || flags.minutes !== undefined
          ? await measureSpeed(base, data, setup, flags.minutes === undefined ? TRIAL : 1)
          : undefined;
      const perStep = base.lanes * base.segment;
      const { steps } =
        flags.minutes === undefined
          ? await planRun(plan, flags, setup)
          : { steps: Math.max(1, Math.round((speed! * flags.minutes * 60) / perStep)) };
      return {
        ...figuresOf(plan.model, encodeTokenizer(data.tokenizer).length, ask),
        steps,
        epochs: steps / stepsPerEpoch(data.train, base.lanes, base.segment),
        batch: base.lanes,
        segment: base.segment,
        ...(speed !== undefined && { trainTokensPerSecond: speed, minutes: (steps * perStep) / speed / 60 }),
      };
    },
    'train/start': (ask, telling) =>
      trainer.start(textOf(ask.corpus), ask, () => prepared(ask.corpus, ask.model, ask.train), telling),
    'train/restore': ({ run, threads }, telling) => trainer.restore(run, threads, telling),
    'train/pause': ({ run }) => trainer.pause(run),
    'train/resume': ({ run }) => trainer.resume(run),
    'train/stop': ({ run, keep }) => trainer.stop(run, keep),
    async 'runs/list'() {
      const all = await Promise.all((await store.list()).map((run) => describeRun(store, run)));
      return all.filter((run) => run !== undefined).sort((a, b) => (a.started < b.started ? 1 : -1));
    },
    async 'runs/model'({ run }) {
      const files = new StoredFiles(store, run);
      const tlm = (await files.read('model')) ?? (await files.exported(await files.record()));
      return { tlm: tlm.slice() };
    },
    async 'runs/remove'({ run }) {
      const unlock = await store.lock(run);
      if (unlock === undefined) throw new TinyLMError('run-locked', `${run} is being trained`, 'stop it first');
      try {
        await store.remove(run);
      } finally {
        unlock();
      }
      return {};
    },
    export: (ask) => exportFile(ask, tools),
  };
}
