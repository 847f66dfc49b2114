/** Step 5: onto a chip, real or virtual, and a talk with it. */
import { useEffect } from 'preact/hooks';
import { words } from '../i18n/index.js';
import { Cable, Cpu, Icon, LoaderCircle, Plug } from '../parts/icon.js';
import { Note, Trouble } from '../parts/note.js';
import { Card, Intro } from '../parts/page.js';
import { chip, chipTrouble, recompare } from '../actions/chip.js';
import { hasSerial, secure } from '../actions/here.js';
import { model } from '../actions/models.js';
import { NoPort } from './chip-help.js';
import { Flashing, Ready } from './chip-ready.js';
import { Talk } from './chip-talk.js';

export function ChipStep() {
  const w = words.value.chip;
  const state = chip.state.value;
  // Another model was chosen meanwhile: does it fit?
  useEffect(() => {
    if (state === 'ready') recompare();
  }, [model.value?.model]);
  return (
    <>
      <Intro title={w.title} lead={w.lead} />
      <div class="stack">
        {chipTrouble.value && <Trouble failure={chipTrouble.value} />}
        <Stage />
      </div>
    </>
  );
}

function Stage() {
  const w = words.value.chip;
  const state = chip.state.value;
  switch (state) {
    case 'start':
      return <Boards />;
    case 'noPort':
      return (
        <>
          <NoPort />
          <Boards />
        </>
      );
    case 'choosing':
      return <Waiting text={w.choosing} />;
    case 'asking':
      return <Waiting text={w.asking} />;
    case 'detecting':
      return <Waiting text={w.detecting} />;
    case 'waking':
      return <Waiting text={w.waking} />;
    case 'ready':
      return <Ready />;
    case 'flashing':
      return <Flashing />;
    case 'talking':
      return <Talk />;
    case 'trouble':
      return (
        <>
          <div class="row">
            <button type="button" class="primary" onClick={() => chip.send('again')}>
              {w.again}
            </button>
          </div>
          <Boards />
        </>
      );
    default:
      return state satisfies never;
  }
}

function Waiting({ text }: { text: string }) {
  const w = words.value;
  return (
    <Card>
      <div class="empty" role="status">
        <Icon of={LoaderCircle} size={28} spin />
        <p>{text}</p>
      </div>
      <div class="row">
        <button type="button" class="quiet" onClick={() => chip.send('close')}>
          {w.cancel}
        </button>
      </div>
    </Card>
  );
}

function Boards() {
  const w = words.value.chip;
  return (
    <div class="boards">
      <Card title={w.yours} aside={<Icon of={Cable} size={26} />}>
        <p class="soft">{w.yoursAbout}</p>
        {hasSerial ? (
          <div class="row">
            <button type="button" class="primary" onClick={() => chip.send('choose')}>
              <Icon of={Plug} size={18} />
              {w.choosePort}
            </button>
          </div>
        ) : (
          <Note kind="warn">
            <strong>{secure ? w.unsupported : w.insecure}</strong>
            <span>{w.unsupportedNext}</span>
          </Note>
        )}
      </Card>
      <Card title={w.virtual} aside={<Icon of={Cpu} size={26} />}>
        <p class="soft">{w.virtualAbout}</p>
        <div class="row">
          <button type="button" class={hasSerial ? '' : 'primary'} onClick={() => chip.send('chooseVirtual')}>
            <Icon of={Cpu} size={18} />
            {w.startVirtual}
          </button>
        </div>
      </Card>
    </div>
  );
}
