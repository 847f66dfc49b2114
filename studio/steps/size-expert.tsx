/** Every option of `tinylm train`, by hand. */
import { useState } from 'preact/hooks';
import { MODEL_LIMITS } from '../../src/model/limits.js';
import type { ModelFlags, TrainFlags } from '../../src/web/protocol.js';
import { layerList, ngramList, tritGroups } from '../../src/run/shape-text.js';
import { LEARNING_RATE } from '../../src/train/schedule.js';
import { words } from '../i18n/index.js';
import { Choice, NumberField, Text, Tick } from '../parts/field.js';
import { handFlags, ownModel, trainFlags } from '../actions/size.js';

const { vocabMin, vocabMax, dimMin, dimMax, widthMin, widthMax } = MODEL_LIMITS;

/** Sets one option; without a value the program chooses. */
function setModel(change: { [K in keyof ModelFlags]?: ModelFlags[K] | undefined }): void {
  ownModel.value = Object.fromEntries(
    Object.entries({ ...handFlags.value, ...change }).filter(([, value]) => value !== undefined),
  ) as unknown as ModelFlags;
}
function setTrain(change: { [K in keyof TrainFlags]?: TrainFlags[K] | undefined }): void {
  trainFlags.value = Object.fromEntries(
    Object.entries({ ...trainFlags.value, ...change }).filter(([, value]) => value !== undefined),
  ) as unknown as TrainFlags;
}

/** A text field whose words become a value, or say what is wrong. */
function Parsed<T>({
  label,
  about,
  shown,
  parse,
  onValue,
}: {
  label: string;
  about: string;
  shown: string;
  parse: (text: string) => T;
  onValue: (value: T | undefined) => void;
}) {
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  return (
    <Text
      label={label}
      about={about}
      value={shown}
      invalid={wrong}
      placeholder={words.value.size.auto}
      onChange={(text) => {
        try {
          onValue(text.trim() === '' ? undefined : parse(text.trim()));
          setWrong(undefined);
        } catch (error) {
          setWrong(words.value.size.invalid(text, (error as Error).message));
        }
      }}
    />
  );
}

export function Expert() {
  const w = words.value.size;
  const m = handFlags.value;
  const t = trainFlags.value;
  const f = w.fields;
  return (
    <details class="card expert">
      <summary>{w.expert}</summary>
      <div class="stack">
        <p class="soft small">{w.expertAbout}</p>
        <fieldset>
          <legend>{w.groupModel}</legend>
          <div class="fields">
            <Choice
              label={f.tokenizer}
              value={m.tokenizer}
              options={[
                ['bpe', 'bpe'],
                ['char', 'char'],
                ['byte', 'byte'],
              ]}
              onChange={(tokenizer) => setModel({ tokenizer, ...(tokenizer === 'byte' && { vocab: 257 }) })}
            />
            <NumberField
              label={f.vocab}
              value={m.vocab}
              min={vocabMin}
              max={vocabMax}
              onChange={(vocab) => setModel({ vocab: vocab ?? 256 })}
            />
            <NumberField
              label={f.dim}
              value={m.dim}
              min={dimMin}
              max={dimMax}
              placeholder={w.auto}
              onChange={(dim) => setModel({ dim })}
            />
            <NumberField
              label={f.hidden}
              value={m.hidden}
              min={widthMin}
              max={widthMax}
              placeholder={w.auto}
              onChange={(hidden) => setModel({ hidden })}
            />
            <Parsed
              label={f.layers}
              about={w.hints.layers}
              shown={layerText(m.layers)}
              parse={layerList}
              onValue={(layers) => setModel({ layers })}
            />
            <Parsed
              label={f.ngrams}
              about={w.hints.ngrams}
              shown={m.ngrams?.map(({ order, rows, width }) => `${order}:${rows}x${width}`).join(',') ?? ''}
              parse={ngramList}
              onValue={(ngrams) => setModel({ ngrams })}
            />
            <Parsed
              label={f.trits}
              about={w.hints.trits}
              shown={tritText(m.trits)}
              parse={tritGroups}
              onValue={(trits) => setModel({ trits })}
            />
          </div>
          <Tick label={f.tied} value={m.tied ?? false} onChange={(tied) => setModel({ tied })} />
        </fieldset>
        <fieldset>
          <legend>{w.groupTraining}</legend>
          <div class="fields">
            <NumberField
              label={f.epochs}
              value={t.epochs}
              min={0.01}
              max={100_000}
              step="any"
              placeholder={w.auto}
              onChange={(epochs) => setTrain({ epochs, minutes: undefined })}
            />
            <NumberField
              label={f.minutes}
              about={w.hints.minutes}
              value={t.minutes}
              min={0.01}
              max={10_000}
              step="any"
              placeholder="–"
              onChange={(minutes) => setTrain({ minutes, epochs: undefined })}
            />
            <NumberField
              label={f.batch}
              value={t.batch}
              min={1}
              max={1024}
              onChange={(batch) => setTrain({ batch: batch ?? 32 })}
            />
            <NumberField
              label={f.segment}
              value={t.segment}
              min={2}
              max={1024}
              onChange={(segment) => setTrain({ segment: segment ?? 64 })}
            />
            <NumberField
              label={f.lr}
              value={t.lr}
              min={1e-7}
              max={1}
              step="any"
              placeholder={String(LEARNING_RATE[t.float ? 'float' : 'ternary'])}
              onChange={(lr) => setTrain({ lr })}
            />
            <NumberField
              label={f.threshold}
              value={t.threshold}
              min={0}
              max={3}
              step="any"
              placeholder={w.auto}
              onChange={(threshold) => setTrain({ threshold })}
            />
            <NumberField
              label={f.seed}
              about={w.hints.seed}
              value={t.seed}
              min={0}
              max={2 ** 32 - 1}
              range={false}
              onChange={(seed) => setTrain({ seed: seed ?? 1 })}
            />
            <NumberField
              label={f.threads}
              value={t.threads}
              min={1}
              max={64}
              placeholder={w.auto}
              onChange={(threads) => setTrain({ threads })}
            />
          </div>
          <Tick
            label={f.float}
            value={t.float ?? false}
            onChange={(float) => setTrain({ float: float || undefined })}
          />
        </fieldset>
      </div>
    </details>
  );
}

const layerText = (layers: ModelFlags['layers']): string =>
  layers === undefined
    ? ''
    : typeof layers === 'number'
      ? String(layers)
      : layers.map(({ kind, width }) => `${kind}:${width}`).join(',');
const tritText = (trits: ModelFlags['trits']): string =>
  trits === undefined
    ? ''
    : typeof trits === 'number'
      ? String(trits)
      : Object.entries(trits)
          .map(([group, n]) => `${group}=${n}`)
          .join(',');
