/** Step 4: the model writes, and shows what it thought of. */
import { useRef } from 'preact/hooks';
import { count, memory, size, words } from '../i18n/index.js';
import { Choice, Tick } from '../parts/field.js';
import { ArrowRight, FolderOpen, Icon, Play, RefreshCw, Square } from '../parts/icon.js';
import { Trouble } from '../parts/note.js';
import { Card, Intro } from '../parts/page.js';
import { go } from '../state/store.js';
import { choose, model, models, modelTrouble, openModelFile, second, type Model } from '../actions/models.js';
import { prompt, sampling, shaded, sides, writing, type Side } from '../actions/write.js';
import { Inside } from './try-inside.js';
import { Sampling } from './try-sampling.js';
import { TakeAway } from './try-save.js';
import { Written } from './try-written.js';

const beside = (): Model | undefined =>
  models.value.find((m) => m.model === second.value && m.model !== model.value?.model);

function write(): void {
  const { stop, ...how } = sampling.value;
  const both = [model.value, beside()] as const;
  both.forEach((m, i) => {
    if (m) void sides[i].write(m.model, prompt.value, { ...how, ...(stop !== '' && { stop }) });
    else sides[i].clear();
  });
}

function again(): void {
  sampling.value = { ...sampling.value, seed: (sampling.value.seed + 1) >>> 0 };
  write();
}

export function TryStep() {
  const w = words.value.try;
  const other = beside();
  return (
    <>
      <Intro title={w.title} lead={w.lead} />
      <div class="columns try">
        <div class="stack">
          <Card class="begin">
            <Prompt />
          </Card>
          <div class="side" data-two={other ? true : undefined}>
            <Output side={sides[0]} of={model.value} titled={other !== undefined} />
            {other && <Output side={sides[1]} of={other} titled />}
          </div>
          <Sampling />
          <TakeAway />
        </div>
        <div class="stack">
          <Inside />
          <Card>
            <Models />
          </Card>
        </div>
      </div>
      <div class="actions">
        <button type="button" class="primary end" onClick={() => go('chip')}>
          {w.next}
          <Icon of={ArrowRight} />
        </button>
      </div>
    </>
  );
}

function Prompt() {
  const w = words.value.try;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        write();
      }}
    >
      <label class="field">
        {w.prompt}
        <textarea
          rows={2}
          value={prompt.value}
          placeholder={w.promptPlaceholder}
          onInput={(event) => {
            prompt.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) write();
          }}
        />
      </label>
      <div class="row">
        {writing.value ? (
          <button type="button" class="primary" onClick={() => sides.forEach((side) => side.stop())}>
            <Icon of={Square} size={18} />
            {w.stop}
          </button>
        ) : (
          <button type="submit" class="primary">
            <Icon of={Play} size={18} />
            {w.write}
          </button>
        )}
        <button type="button" disabled={writing.value || sides[0].begun.value === undefined} onClick={again}>
          <Icon of={RefreshCw} size={18} />
          {w.more}
        </button>
      </div>
    </form>
  );
}

function Output({ side, of, titled }: { side: Side; of: Model | undefined; titled: boolean }) {
  const w = words.value.try;
  const end = side.end.value;
  return (
    <Card
      title={titled && of ? of.name : w.output}
      aside={
        side === sides[0] && (
          <Tick
            label={w.shade}
            value={shaded.value}
            onChange={(on) => {
              shaded.value = on;
            }}
          />
        )
      }
    >
      {side.begun.value === undefined ? (
        <div class="empty">
          <p>{w.empty}</p>
        </div>
      ) : (
        <Written side={side} />
      )}
      {side.trouble.value && <Trouble failure={side.trouble.value} />}
      {end && (
        <p class="soft small" role="status">{`${w.reason[end.reason]} ${w.speedHere(count(end.tokensPerSecond))}.`}</p>
      )}
    </Card>
  );
}

function Models() {
  const w = words.value.try;
  const input = useRef<HTMLInputElement>(null);
  const now = model.value;
  if (now === undefined) return null;
  const named = models.value.map((m) => [m.model, `${m.name} · ${size(m.info.fileBytes)} · ${w[m.from]}`] as const);
  return (
    <>
      <Choice
        label={w.model}
        value={now.model}
        options={named}
        onChange={(id) => {
          choose(id);
          sides[0].clear();
        }}
        about={w.facts(size(now.info.fileBytes), memory(now.memoryBytes))}
      />
      {models.value.length > 1 && (
        <Choice
          label={w.second}
          value={beside()?.model ?? ''}
          options={[['', w.none], ...named.filter(([id]) => id !== now.model)]}
          onChange={(id) => {
            second.value = id === '' ? undefined : id;
            sides[1].clear();
          }}
        />
      )}
      <button type="button" class="quiet" onClick={() => input.current!.click()}>
        <Icon of={FolderOpen} size={18} />
        {models.value.length > 1 ? w.open : `${w.open} · ${w.compare}`}
      </button>
      <input
        ref={input}
        type="file"
        accept=".tlm"
        hidden
        data-testid="other-model"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = '';
          // The new one stands beside the one that is there.
          if (file) void openModelFile(file, true);
        }}
      />
      {modelTrouble.value && <Trouble failure={modelTrouble.value} />}
    </>
  );
}
