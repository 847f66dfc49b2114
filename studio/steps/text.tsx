/** Step 1: what the model learns from. */
import { useRef, useState } from 'preact/hooks';
import type { StoryLang } from '../../src/corpus/index.js';
import { lang, words } from '../i18n/index.js';
import { BookOpen, ClipboardPaste, FileUp, FolderOpen, Icon, LoaderCircle, Sparkles, Upload } from '../parts/icon.js';
import { Trouble } from '../parts/note.js';
import { Intro } from '../parts/page.js';
import { go } from '../state/store.js';
import { isModelFile, models, modelTrouble, openModelFile } from '../actions/models.js';
import { openShipped, shipped, type Shipped } from '../actions/shipped.js';
import { fileSources, found, reading, readText, textTrouble } from '../actions/text.js';
import { EarlierRuns } from './runs.js';
import { Found } from './text-found.js';

export function TextStep() {
  const w = words.value.text;
  return (
    <>
      <Intro title={w.title} lead={w.lead} />
      {found.value && reading.value === undefined ? <Found text={found.value} /> : <Give />}
    </>
  );
}

/** Takes what was dropped or chosen: texts are read, a model is opened. */
async function take(files: readonly File[]): Promise<void> {
  const model = files.find(isModelFile);
  if (model === undefined) {
    if (files.length > 0) await readText(fileSources(files));
  } else if (await openModelFile(model)) go('try');
}

function Give() {
  const w = words.value.text;
  return (
    <div class="stack">
      {textTrouble.value && <Trouble failure={textTrouble.value} />}
      {modelTrouble.value && <Trouble failure={modelTrouble.value} />}
      {reading.value === undefined ? (
        <Drop />
      ) : (
        <div class="drop" role="status">
          <Icon of={LoaderCircle} size={28} spin />
          <p>{w.reading(reading.value)}</p>
        </div>
      )}
      <div class="stack">
        <h2>{w.ready}</h2>
        <div class="ready">
          {(lang.value === 'pt' ? (['pt', 'en'] as const) : (['en', 'pt'] as const)).map((of) => (
            <Stories key={of} of={of} />
          ))}
          {shipped.map((one) => (
            <ShippedModel key={one.name} one={one} />
          ))}
          <OpenModel />
        </div>
        {models.value.length === 0 && <p class="soft small">{w.empty}</p>}
      </div>
      <EarlierRuns />
    </div>
  );
}

function Stories({ of }: { of: StoryLang }) {
  const w = words.value.text;
  return (
    <button type="button" class="choice" onClick={() => void readText([{ kind: 'stories', lang: of }])}>
      <Icon of={BookOpen} />
      {of === 'en' ? w.storiesEn : w.storiesPt}
      <small>{w.storiesAbout}</small>
    </button>
  );
}

function ShippedModel({ one }: { one: Shipped }) {
  const w = words.value;
  const language = new Intl.DisplayNames([w.locale], { type: 'language' }).of(one.language) ?? one.language;
  return (
    <button
      type="button"
      class="choice"
      title={one.about}
      onClick={() =>
        void openShipped(one).then((there) => {
          if (there) go('try');
        })
      }
    >
      <Icon of={Sparkles} />
      {w.text.shipped(one.name)}
      <small>{w.text.shippedAbout(language)}</small>
    </button>
  );
}

function OpenModel() {
  const w = words.value.text;
  const input = useRef<HTMLInputElement>(null);
  return (
    <button type="button" class="choice" onClick={() => input.current!.click()}>
      <Icon of={FolderOpen} />
      {w.openModel}
      <small>{w.openModelAbout}</small>
      <input
        ref={input}
        type="file"
        accept=".tlm"
        hidden
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files?.[0])
            void openModelFile(files[0]).then((opened) => {
              if (opened) go('try');
            });
          event.currentTarget.value = '';
        }}
      />
    </button>
  );
}

function Drop() {
  const w = words.value.text;
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      class="drop"
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <Icon of={Upload} size={30} />
      <h2>{w.drop}</h2>
      <p class="soft small">{w.kinds}</p>
      <div class="row">
        <button type="button" class="primary" onClick={() => input.current!.click()}>
          <Icon of={FileUp} />
          {w.choose}
        </button>
        <Paste />
      </div>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="files"
        onChange={(event) => {
          void take([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}

function Paste() {
  const w = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  return (
    <>
      <button type="button" onClick={() => dialog.current!.showModal()}>
        <Icon of={ClipboardPaste} />
        {w.text.paste}
      </button>
      <dialog ref={dialog} aria-labelledby="paste-title">
        <form
          class="stack"
          method="dialog"
          onSubmit={() => {
            const text = area.current!.value;
            if (text.trim() !== '') void readText([{ kind: 'text', name: w.text.pasted, text }]);
          }}
        >
          <h2 id="paste-title">{w.text.paste}</h2>
          <label class="field">
            {w.text.pasteLabel}
            <textarea ref={area} rows={9} placeholder={w.text.pastePlaceholder} required />
          </label>
          <div class="row">
            <button type="submit" class="primary">
              {w.text.pasteUse}
            </button>
            <button type="button" class="quiet" onClick={() => dialog.current!.close()}>
              {w.cancel}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
