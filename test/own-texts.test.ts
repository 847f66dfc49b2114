/**
 * Small texts as people bring them, trained with the defaults on WebAssembly, which gives the same bits on every machine: what comes out is
 * measured line by line.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openEngine } from '../src/cli/engine.js';
import { OPTIONS } from '../src/cli/options.js';
import { bytesFile, readTexts } from '../src/corpus/index.js';
import {
  decodeCheckpoint,
  decodeWeights,
  planRun,
  prepareRun,
  SPLIT,
  train,
  USUAL_SIZE,
  type EngineModel,
  type RunPlan,
} from '../src/run/index.js';
import { exportRun } from '../src/run/finish.js';
import { TrainingRun, type Checkpoint, type TrainOptions } from '../src/train/index.js';
import { wasm } from './helpers/kernel-pool.js';
import {
  chat,
  chinese,
  inventedWords,
  japanese,
  linesOf,
  names,
  poems,
  prose,
  share,
  type SmallText,
} from './helpers/small-texts.js';

interface Trained {
  readonly documents: readonly string[];
  readonly plan: RunPlan;
  readonly planned: TrainOptions;
  readonly steps: number;
  readonly model: EngineModel;
  readonly bytes: number;
}

/** A run as `tinylm train` makes it, kept in memory; of the usual length, or of so many steps. */
async function trained({ text }: SmallText, steps?: number): Promise<Trained> {
  const { documents } = await readTexts(bytesFile('text.txt', new TextEncoder().encode(text)));
  const corpus = { name: 'text.txt', ...SPLIT };
  const flags = {
    batch: OPTIONS.batch.initial,
    segment: OPTIONS.segment.initial,
    seed: 1,
    ...(steps !== undefined && { steps }),
  };
  const plan = prepareRun(documents, corpus, { kind: 'size', bytes: USUAL_SIZE, fit: true, tokenizer: 'bpe' }, flags);
  const setup = { kernels: wasm, threads: 2 };
  const planned = await planRun(plan, flags, setup);
  const go = (options: TrainOptions, resume?: Checkpoint): Promise<TrainingRun> =>
    TrainingRun.create(plan.data, options, { ...setup, ...(resume && { resume }) });
  const files = new Map<string, Uint8Array>();
  const { checkpoint } = await train({
    run: await go(planned),
    from: 0,
    files: {
      write: (name, content) => void (typeof content === 'string' || files.set(name, content)),
      writeJson: () => undefined,
      append: () => undefined,
    },
    control: () => () => undefined,
    display: { progress: () => undefined, evaluation: () => undefined, end: () => undefined },
    sample: async () => undefined,
    ...(steps === undefined && {
      cool: (options: TrainOptions, best: Checkpoint) => go(options, { ...best, options }),
    }),
  });
  assert.equal(decodeCheckpoint(files.get('last')!, 'last').step, checkpoint.step);
  const tlm = exportRun(decodeWeights(files.get('best')!, 'best'), plan.data.tokenizer, planned, corpus.name);
  return { documents, plan, planned, steps: checkpoint.step, model: await openEngine(tlm), bytes: tlm.length };
}

/** Lines that a model writes of itself, whole ones. */
function written({ model }: Trained, texts: number, maxTokens: number): string[] {
  return Array.from({ length: texts }, (_, i) => {
    const { text, reason } = model.generate('', {
      temperature: 0.8,
      topK: 40,
      topP: 1,
      repetitionPenalty: 1,
      seed: i + 1,
      maxTokens,
    });
    return reason === 'eod' ? linesOf(text) : linesOf(text).slice(0, -1);
  }).flat();
}

describe('one’s own small text, with the defaults', { concurrency: 2 }, () => {
  it('a sorted list of names: new names of the same making', async () => {
    const list = names(1500);
    const run = await trained(list);
    assert.equal(run.documents.length, 1500, 'a document for each');
    assert.ok(run.steps < run.planned.steps, 'it ends where it gets no better');
    const lines = written(run, 300, 40);
    const known = new Set(linesOf(list.text));
    const figures = `valid ${share(lines, list.valid)}, new ${share(lines, (l) => !known.has(l))}, different ${new Set(lines).size / lines.length}`;
    assert.ok(lines.length >= 290 && share(lines, list.valid) > 0.8, figures);
    assert.ok(share(lines, (line) => !known.has(line)) > 0.3, figures);
    assert.ok(new Set(lines).size > 0.8 * lines.length, figures);
    // Of a sorted list all letters are held out, not the last ones.
    assert.ok(new Set(run.plan.data.validTexts.map((name) => name[0])).size >= 10);
    assert.ok(run.bytes <= USUAL_SIZE);
  });

  for (const { what, text, least, documents, invented } of [
    { what: 'Chinese', text: chinese(40_000), least: 0.7, documents: 1, invented: undefined },
    { what: 'Japanese', text: japanese(40_000), least: 0.7, documents: 1, invented: undefined },
    { what: 'poems', text: poems(24_000), least: 0.75, documents: undefined, invented: 0.02 },
    { what: 'a chat with emoji', text: chat(40_000), least: 0.8, documents: undefined, invented: 0.03 },
  ])
    it(`${what}: lines of the same making, and new ones`, async (t) => {
      // A length of its own: the default's is tried above, and takes twice the time.
      const run = await trained(text, 900);
      if (documents !== undefined) assert.equal(run.documents.length, documents);
      else assert.ok(run.documents.length >= 20, `${run.documents.length} documents`);
      const lines = written(run, 12, 200);
      const known = new Set(linesOf(text.text));
      const figures = `${what}: ${lines.length} lines, valid ${share(lines, text.valid)}, new ${share(lines, (l) => !known.has(l))}, steps ${run.steps}, invented ${inventedWords(lines.join('\n'), text.text)}`;
      t.diagnostic(figures);
      assert.ok(lines.length >= 20 && share(lines, text.valid) >= least, figures);
      assert.ok(share(lines, (line) => !known.has(line)) > 0.3, figures);
      if (invented !== undefined) {
        const found = inventedWords(lines.join('\n'), text.text);
        assert.ok(found <= invented, `invented words ${found}`);
      }
      assert.ok(run.bytes <= USUAL_SIZE);
    });

  it('a page of prose: learned by heart, and begun at a beginning', async () => {
    const page = prose(3000);
    const run = await trained(page);
    assert.ok(run.plan.data.known && run.bytes <= 10_000);
    const texts = Array.from(
      { length: 12 },
      (_, i) =>
        run.model.generate('', {
          temperature: 0.8,
          topK: 40,
          topP: 1,
          repetitionPenalty: 1,
          seed: i + 1,
          maxTokens: 60,
        }).text,
    );
    const found = inventedWords(texts.map((text) => text.replace(/\S*$/, '')).join('\n'), page.text);
    assert.ok(found < 0.03, `invented words ${found}`);
    const beginnings = new Set(page.text.split('\n\n').map((p) => p.slice(0, 4)));
    assert.ok(share(texts, (text) => beginnings.has(text.slice(0, 4))) > 0.9, texts.join('\n'));
  });
});
