/** Step 2: how big the model may be, and what that means on the chip. */
import { useEffect } from 'preact/hooks';
import { CHIPS, CHIP_LIST, FLASH_MODES, FLASH_MODE_LIST } from '../../src/cost/chips.js';
import { count, decimal, duration, rate, size, words } from '../i18n/index.js';
import { Choice, Slide } from '../parts/field.js';
import { ArrowRight, Icon, LoaderCircle, Zap } from '../parts/icon.js';
import { Note, Trouble } from '../parts/note.js';
import { Card, Intro } from '../parts/page.js';
import { expectedBits } from '../state/expected.js';
import { busy } from '../state/run-machine.js';
import { go } from '../state/store.js';
import {
  bytes,
  chipName,
  choice,
  choices,
  flashMode,
  followSize,
  measuring,
  modelAsk,
  ownModel,
  plan,
  planning,
  reckon,
  sizeTrouble,
  trainFlags,
} from '../actions/size.js';
import { briefModels, measuredModels } from '../actions/shipped.js';
import { run } from '../actions/train.js';
import { Expert } from './size-expert.js';

export function SizeStep() {
  const w = words.value.size;
  useEffect(() => followSize(() => busy(run.state.value)), []);
  const start = (): void => {
    if (!busy(run.state.value)) run.send('start');
    go('train');
  };
  return (
    <>
      <Intro title={w.title} lead={w.lead} />
      <div class="columns">
        <div class="stack">
          <Card>
            <div class="fields">
              <Choice
                label={w.chip}
                value={chipName.value}
                options={CHIP_LIST.map((name) => [name, CHIPS[name].title] as const)}
                onChange={(name) => {
                  chipName.value = name;
                }}
              />
              <Choice
                label={w.mode}
                value={flashMode.value}
                options={FLASH_MODE_LIST.map((name) => [name, FLASH_MODES[name].title] as const)}
                onChange={(mode) => {
                  flashMode.value = mode;
                }}
              />
            </div>
            <Slider />
            <Passes />
          </Card>
          <Expert />
        </div>
        <Card
          title={w.shape}
          aside={
            planning.value && !measuring.value ? (
              <span class="soft small" role="status">
                {w.reckoning}
              </span>
            ) : undefined
          }
        >
          <Figures />
        </Card>
      </div>
      {sizeTrouble.value && (
        <div class="stack actions">
          <Trouble failure={sizeTrouble.value} />
        </div>
      )}
      <div class="actions">
        <button type="button" class="quiet" onClick={() => go('text')}>
          {words.value.back}
        </button>
        <button
          type="button"
          class="primary end"
          disabled={sizeTrouble.value !== undefined || measuring.value || modelAsk.value === undefined}
          onClick={start}
        >
          {w.next}
          <Icon of={ArrowRight} />
        </button>
      </div>
    </>
  );
}

function Slider() {
  const w = words.value.size;
  const list = choices.value;
  const now = choice.value;
  if (now === undefined)
    return (
      <p class="soft" role="status">
        {w.reckoning}
      </p>
    );
  const own = ownModel.value !== undefined;
  const at = list.indexOf(now);
  return (
    <div class="slider">
      <label for="flash-slider" class="small soft">
        {w.slider}
      </label>
      <output for="flash-slider">
        {plan.value ? size(plan.value.flashBytes) : own ? w.own : size(now.flashBytes)}
      </output>
      <input
        id="flash-slider"
        type="range"
        min={0}
        max={list.length - 1}
        step={1}
        value={at}
        disabled={own}
        aria-valuetext={`${size(now.flashBytes)}, ${now.words}`}
        onInput={(event) => {
          bytes.value = choices.peek()[Number(event.currentTarget.value)]?.flags.bytes;
        }}
      />
      <div class="ends" aria-hidden="true">
        <span>{w.smaller}</span>
        <span>{w.bigger}</span>
      </div>
      {own && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            ownModel.value = undefined;
          }}
        >
          {w.bySlider}
        </button>
      )}
    </div>
  );
}

/** How often through the text: on a scale that grows, as few and many passes differ by factors. */
const PASSES = [1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 80, 120, 200, 300] as const;

function Passes() {
  const w = words.value.size;
  const { epochs = plan.value?.epochs, minutes } = trainFlags.value;
  if (minutes !== undefined || epochs === undefined) return null;
  const at = PASSES.findLastIndex((n) => n <= epochs);
  return (
    <Slide
      label={w.passes}
      value={Math.max(0, at)}
      min={0}
      max={PASSES.length - 1}
      step={1}
      text={epochs < 10 ? Number(epochs.toFixed(1)).toLocaleString(words.value.locale) : count(epochs)}
      {...(plan.value && {
        about: (trainFlags.value.epochs === undefined ? w.passesUsual : w.passesAbout)(count(plan.value.steps)),
      })}
      onChange={(i) => {
        trainFlags.value = { ...trainFlags.peek(), epochs: PASSES[i] };
      }}
    />
  );
}

function Figures() {
  const w = words.value.size;
  const own = ownModel.value !== undefined;
  const shown = plan.value ?? (own ? undefined : choice.value);
  if (shown === undefined)
    return <p class="soft">{own && busy(run.state.value) ? w.later : sizeTrouble.value ? '–' : w.reckoning}</p>;
  const { batch, segment, minutes } = plan.value ?? {};
  const chip = CHIPS[chipName.value].title;
  const ternary = trainFlags.value.float !== true;
  const long = ternary ? expectedBits(shown.flashBytes, measuredModels) : undefined;
  const brief = ternary ? expectedBits(shown.flashBytes, briefModels) : undefined;
  const bits = long ?? brief;
  return (
    <>
      <dl class="figures">
        <div>
          <dt>{w.flash}</dt>
          <dd>{size(shown.flashBytes)}</dd>
          <dd class="about">{`${w.parameters(count(shown.parameters))}; ${w.shapeOf(shown.words)}`}</dd>
        </div>
        <div>
          <dt>{w.ram}</dt>
          <dd>{size(shown.ramBytes)}</dd>
        </div>
        <div>
          <dt>{w.speed}</dt>
          <dd>{`${rate(shown.tokensPerSecond)} ${w.speedUnit}`}</dd>
          <dd class="about">{`${chip}; ${w.modelled}`}</dd>
        </div>
        <div>
          <dt>{w.quality}</dt>
          <dd>{bits === undefined ? '–' : `${decimal(bits, 2)} ${w.qualityUnit}`}</dd>
          <dd class="about">
            {bits === undefined ? w.qualityNone : long === undefined ? w.qualityBrief : w.qualityLong}
            {long !== undefined && brief !== undefined && ` ${w.qualityAlso(decimal(brief, 2))}`}
          </dd>
        </div>
        <div>
          <dt>{w.minutes}</dt>
          <dd>{minutes === undefined ? '–' : words.value.units.about(duration(minutes * 60))}</dd>
        </div>
      </dl>
      <button type="button" disabled={measuring.value || busy(run.state.value)} onClick={() => void reckon(true)}>
        <Icon of={measuring.value ? LoaderCircle : Zap} spin={measuring.value} size={18} />
        {measuring.value ? w.measuring : w.measure}
      </button>
      {batch !== undefined &&
        segment !== undefined &&
        (batch !== trainFlags.value.batch || segment !== trainFlags.value.segment) && (
          <Note>{w.short(count(batch), count(segment))}</Note>
        )}
    </>
  );
}
