/** What is at the port, what is to be written, and the writing. */
import { errorWords } from '../i18n/en-errors.js';
import { count, duration, memory, size, words } from '../i18n/index.js';
import { Icon, Zap } from '../parts/icon.js';
import { Note } from '../parts/note.js';
import { Card, Fact } from '../parts/page.js';
import { fileName } from '../parts/save.js';
import {
  answers,
  chip,
  chipTitle,
  detected,
  erase,
  fits,
  flashing,
  isC3,
  portName,
  recompare,
  status,
  stopFlash,
  write,
} from '../actions/chip.js';
import { model } from '../actions/models.js';

export function Ready() {
  const w = words.value.chip;
  const there = status.value;
  const found = detected.value;
  const held = there?.model;
  return (
    <div class="columns">
      <Card title={w.ready} aside={<span class="soft small">{portName.value}</span>}>
        <dl class="facts">
          <Fact value={chipTitle.value || '?'} name={w.device} wordy />
          {found?.flashBytes !== undefined && <Fact value={memory(found.flashBytes)} name={w.flashSize} wordy />}
          {found?.revision && <Fact value={found.revision} name={w.revision} wordy />}
          {there && <Fact value={held?.state === 'ready' ? size(held.bytes ?? 0) : w.holdsNone} name={w.holds} wordy />}
        </dl>
        {there ? (
          <Note kind="good">
            <span>{w.runs(there.name, there.version)}</span>
          </Note>
        ) : (
          <Note>
            <span>{w.blank}</span>
          </Note>
        )}
        <div class="row">
          {held?.state === 'ready' && (
            <button type="button" onClick={() => chip.send('talk')}>
              {w.talk}
            </button>
          )}
          <button type="button" class="quiet" onClick={() => chip.send('close')}>
            {w.disconnect}
          </button>
        </div>
      </Card>
      <Card title={w.what}>{model.value === undefined ? <p class="soft">{w.noModel}</p> : <What />}</Card>
    </div>
  );
}

function What() {
  const w = words.value.chip;
  const wrong = !isC3.value && chipTitle.value !== '';
  const cannot = write.value === 'both' ? wrong : !answers.value;
  const pick = (value: 'model' | 'both') => (): void => {
    write.value = value;
    recompare();
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        chip.send('flash');
      }}
    >
      <fieldset>
        <legend>{`${model.value!.name}, ${size(model.value!.info.fileBytes)}`}</legend>
        <div class="radios">
          <label class="check">
            <input
              type="radio"
              name="what"
              checked={write.value === 'model'}
              disabled={!answers.value && detected.value?.modelPartition === undefined}
              onChange={pick('model')}
            />
            <span>
              {w.modelOnly}
              <br />
              <small>{w.modelOnlyAbout}</small>
            </span>
          </label>
          <label class="check">
            <input type="radio" name="what" checked={write.value === 'both'} disabled={wrong} onChange={pick('both')} />
            <span>
              {w.both}
              <br />
              <small>{wrong ? w.bothWrong(chipTitle.value) : w.bothAbout}</small>
            </span>
          </label>
        </div>
      </fieldset>
      {wrong && !answers.value && <OtherChip />}
      {write.value === 'both' && !wrong && (
        <fieldset>
          <legend>{w.settingsLabel}</legend>
          <div class="radios">
            <label class="check">
              <input
                type="radio"
                name="nvs"
                checked={!erase.value}
                onChange={() => {
                  erase.value = false;
                }}
              />
              <span>
                {w.keep} <small>{w.keepAbout}</small>
              </span>
            </label>
            <label class="check">
              <input
                type="radio"
                name="nvs"
                checked={erase.value}
                onChange={() => {
                  erase.value = true;
                }}
              />
              <span>
                {w.erase} <small>{w.eraseAbout}</small>
              </span>
            </label>
          </div>
        </fieldset>
      )}
      <Fit />
      <div class="row">
        <button type="submit" class="primary" disabled={cannot || fits.value?.fits === false}>
          <Icon of={Zap} size={18} />
          {w.flash}
        </button>
      </div>
    </form>
  );
}

/** What to do with a chip that this page has no firmware for. */
function OtherChip() {
  const w = words.value.chip;
  const target = chipTitle.value.split(' ')[0].toLowerCase().replaceAll('-', '');
  return (
    <Note kind="warn" role="status">
      <strong>{w.otherTitle}</strong>
      <span>{w.otherIdf}</span>
      <pre tabIndex={0}>
        {`cd firmware && idf.py set-target ${target} && idf.py build && cd ..\ntinylm flash ${fileName(model.value!.name)}.tlm --build firmware/build`}
      </pre>
      <span>{w.otherArduino}</span>
    </Note>
  );
}

function Fit() {
  const w = words.value.chip;
  const f = fits.value;
  if (f === undefined) return null;
  const known = f.why && errorWords(words.value.errors.table, f.why.code);
  return (
    <Note kind={f.fits ? 'good' : 'bad'} role="status">
      <strong>{f.fits ? w.fits : (known?.title ?? w.fitsNot)}</strong>
      <span>
        {[
          f.room !== undefined && w.fitsRoom(size(f.modelBytes), size(f.room)),
          f.engineLimit !== undefined && w.fitsRam(size(f.engineBytes), size(f.engineLimit)),
        ]
          .filter(Boolean)
          .join('; ')}
      </span>
      {f.why && (known ? <span>{known.next}</span> : <span lang="en">{f.why.message}</span>)}
    </Note>
  );
}

export function Flashing() {
  const w = words.value.chip;
  const p = flashing.value;
  const writing = p?.phase === 'writing' ? p : undefined;
  const part = writing ? ` ${writing.name} (${count(writing.part + 1)}/${count(writing.parts)})` : '';
  return (
    <Card title={w.flashing}>
      <p role="status" aria-live="polite">{`${w.flashPhase[p?.phase ?? 'connecting'] ?? ''}${part}`}</p>
      {writing ? (
        <>
          <progress value={writing.sent} max={Math.max(1, writing.total)} aria-label={w.flashing} />
          <p class="soft small numbers">{`${size(writing.sent)} / ${size(writing.total)}`}</p>
        </>
      ) : (
        <progress aria-label={w.flashing} />
      )}
      <p class="soft small">{w.flashKeep}</p>
      <div class="row">
        <button type="button" onClick={stopFlash}>
          {w.flashStop}
        </button>
      </div>
    </Card>
  );
}

export const flashedWords = (seconds: number): string => words.value.chip.flashed(duration(seconds));
