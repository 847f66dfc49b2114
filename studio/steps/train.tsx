/** Step 3: the run, as it goes. */
import { count, decimal, duration, rate, words } from '../i18n/index.js';
import { Curve } from '../parts/curve.js';
import { ArrowRight, CircleCheck, Icon, LoaderCircle, Pause, Play, Sparkles, Square } from '../parts/icon.js';
import { Note, Trouble } from '../parts/note.js';
import { Card, Fact, Intro } from '../parts/page.js';
import { busy } from '../state/run-machine.js';
import { go } from '../state/store.js';
import { about } from '../actions/here.js';
import { found } from '../actions/text.js';
import {
  bestBits,
  history,
  progress,
  result,
  run,
  runName,
  runTrouble,
  samples,
  started,
  storeTrouble,
} from '../actions/train.js';
import { EarlierRuns } from './runs.js';

export function TrainStep() {
  const w = words.value.train;
  const state = run.state.value;
  return (
    <>
      <Intro title={w.title} lead={w.lead} />
      <div class="stack">
        {runTrouble.value && (
          <Trouble failure={runTrouble.value}>
            <span>{w.failedHelp}</span>
          </Trouble>
        )}
        {storeTrouble.value && (
          <Note kind="warn" role="status">
            <strong>{w.trouble}</strong>
            <span lang="en">{storeTrouble.value.message}</span>
          </Note>
        )}
        {state === 'idle' ? <Idle /> : <Running />}
        {!busy(state) && <EarlierRuns />}
      </div>
    </>
  );
}

function Idle() {
  const w = words.value.train;
  if (found.value === undefined) return null;
  return (
    <Card>
      <div class="empty">
        <Icon of={Sparkles} size={30} />
        <h2>{w.idleTitle}</h2>
        <p>{w.idle}</p>
        <button type="button" class="primary" onClick={() => run.send('start')}>
          <Icon of={Play} />
          {w.start}
        </button>
      </div>
    </Card>
  );
}

function Running() {
  const w = words.value.train;
  const steps = result.value?.steps ?? progress.value?.steps ?? started.value?.options.steps ?? 1;
  return (
    <>
      <Head steps={steps} />
      <div class="columns">
        <Card title={w.curve}>
          {history.value.length === 0 ? (
            <div class="empty curve">
              <p>{w.curveEmpty}</p>
            </div>
          ) : (
            <Curve history={history.value} steps={steps} best={bestBits.value} />
          )}
          <p class="soft small">{w.bitsAbout}</p>
        </Card>
        <Card title={w.samples}>
          {samples.value.length === 0 ? (
            <div class="empty">
              <p>{w.samplesEmpty}</p>
            </div>
          ) : (
            <ol class="samples" tabIndex={0} aria-label={w.samples}>
              {samples.value.map((s) => (
                <li key={s.step}>
                  <span class="soft small numbers">{w.sampleAt(count(s.step), decimal(s.bits, 3))}</span>
                  <p class="prose">{s.text.trim()}</p>
                </li>
              ))}
            </ol>
          )}
        </Card>
      </div>
    </>
  );
}

function Head({ steps }: { steps: number }) {
  const w = words.value.train;
  const state = run.state.value;
  const p = progress.value;
  const end = result.value;
  const step = end?.step ?? Math.max(p?.step ?? 0, history.value.at(-1)?.step ?? 0);
  const spins = ['starting', 'running', 'pausing', 'stopping'].includes(state);
  const title = state === 'idle' ? '' : w[state];
  return (
    <Card class="run-head">
      <div class="card-head">
        <div class="status" role="status" aria-live="polite">
          <Icon of={state === 'ended' ? CircleCheck : spins ? LoaderCircle : Pause} spin={spins} size={24} />
          {title}
        </div>
        <span class="soft small">{runName.value}</span>
      </div>
      <progress
        value={state === 'ended' ? 1 : step / steps}
        max={1}
        aria-label={w.progress(count(step), count(steps))}
      />
      <dl class="facts">
        <Fact
          value={Number.isFinite(bestBits.value) ? decimal(bestBits.value, 3) : '–'}
          unit={w.bits}
          name={w.onUnseen}
        />
        {end === undefined && <Fact value={p && state === 'running' ? duration(p.secondsLeft) : '–'} name={w.left} />}
        <Fact value={end ? rate(end.tokensPerSecond) : p ? rate(p.tokensPerSecond) : '–'} name={w.speed} />
        <Fact value={count(step)} unit={`/ ${count(steps)}`} name={w.step} />
      </dl>
      {end && (
        <Note kind="good">
          <strong>{`${w.ended} ${w.took(duration(end.seconds))}`}</strong>
          <span>{w.result(decimal(end.bitsPerByte.engine, 3))}</span>
        </Note>
      )}
      <Buttons />
      {busy(state) && (
        <p class="soft small">
          {about.value?.store === 'memory' ? w.memoryOnly : w.reload} {w.hidden}
        </p>
      )}
    </Card>
  );
}

function Buttons() {
  const w = words.value.train;
  const state = run.state.value;
  switch (state) {
    case 'running':
    case 'pausing':
    case 'paused':
      return (
        <div class="row">
          {state === 'paused' ? (
            <button type="button" class="primary" onClick={() => run.send('resume')}>
              <Icon of={Play} size={18} />
              {w.resume}
            </button>
          ) : (
            <button type="button" disabled={state === 'pausing'} onClick={() => run.send('pause')}>
              <Icon of={Pause} size={18} />
              {w.pause}
            </button>
          )}
          <button
            type="button"
            disabled={state === 'pausing' || history.value.length === 0}
            onClick={() => run.send('stop')}
          >
            <Icon of={Square} size={18} />
            {w.stop}
          </button>
          <button type="button" class="quiet" disabled={state === 'pausing'} onClick={() => run.send('leave')}>
            {w.leave}
          </button>
        </div>
      );
    case 'ended':
      return (
        <div class="row">
          <button type="button" class="primary" onClick={() => go('try')}>
            {w.next}
            <Icon of={ArrowRight} />
          </button>
          {found.value && (
            <button
              type="button"
              class="quiet"
              onClick={() => {
                run.send('again');
                go('size');
              }}
            >
              {w.again}
            </button>
          )}
        </div>
      );
    case 'failed':
      return (
        <div class="row">
          <button type="button" onClick={() => run.send('again')}>
            {w.again}
          </button>
        </div>
      );
    default:
      return null;
  }
}
