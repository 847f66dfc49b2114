/** The talk with a chip, and what else can be asked of it: behind tabs. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, rate, words } from '../i18n/index.js';
import { Icon, Send, Square } from '../parts/icon.js';
import { Note, Trouble } from '../parts/note.js';
import { Card } from '../parts/page.js';
import { modelled } from '../actions/modelled.js';
import { chip, chipTitle, flashedIn, kind, portName } from '../actions/chip.js';
import { hush, newTalk, say, speaking, talkTrouble, turns, type Turn } from '../actions/talk.js';
import { flashedWords } from './chip-ready.js';
import { About, Report, Settings, Speed, Wifi } from './chip-tabs.js';

const TABS = {
  chat: 'tabChat',
  settings: 'tabSettings',
  wifi: 'tabWifi',
  info: 'tabInfo',
  bench: 'tabBench',
  report: 'tabReport',
} as const;
type Tab = keyof typeof TABS;
const PANELS = { chat: Chat, settings: Settings, wifi: Wifi, info: About, bench: Speed, report: Report } as const;
const NAMES = Object.keys(TABS) as Tab[];

export function Talk() {
  const w = words.value.chip;
  const [tab, setTab] = useState<Tab>('chat');
  const list = useRef<HTMLDivElement>(null);
  const Panel = PANELS[tab];
  useEffect(() => newTalk, []);
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    // The tab that has the focus now, not the one of the last rendering.
    const from = NAMES.findIndex((name) => document.activeElement?.id === `tab-${name}`);
    const to = NAMES[(from + by + NAMES.length) % NAMES.length];
    setTab(to);
    list.current?.querySelector<HTMLElement>(`#tab-${to}`)?.focus();
  };
  return (
    <>
      {flashedIn.value !== undefined && (
        <Note kind="good" role="status">
          <strong>{flashedWords(flashedIn.value)}</strong>
        </Note>
      )}
      <Card
        title={w.talk}
        aside={<span class="soft small">{[chipTitle.value, portName.value].filter(Boolean).join(' · ')}</span>}
      >
        <div class="tabs" role="tablist" aria-label={w.device} ref={list} onKeyDown={move}>
          {NAMES.map((name) => (
            <button
              key={name}
              id={`tab-${name}`}
              type="button"
              role="tab"
              aria-selected={tab === name}
              aria-controls="chip-panel"
              tabIndex={tab === name ? 0 : -1}
              disabled={speaking.value && name !== 'chat'}
              onClick={() => setTab(name)}
            >
              {w[TABS[name]]}
            </button>
          ))}
        </div>
        <div id="chip-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="stack">
          {talkTrouble.value && <Trouble failure={talkTrouble.value} />}
          <Panel />
        </div>
      </Card>
      <div class="row">
        <button type="button" onClick={() => chip.send('talk')}>
          {w.flashAnother}
        </button>
        <button type="button" class="quiet" onClick={() => chip.send('close')}>
          {w.disconnect}
        </button>
      </div>
    </>
  );
}

function Chat() {
  const w = words.value.chip;
  const [text, setText] = useState('');
  const [goOn, setGoOn] = useState(false);
  const end = useRef<HTMLOListElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [turns.value]);
  return (
    <>
      {turns.value.length === 0 ? (
        <div class="empty">
          <p>{w.talkLead}</p>
        </div>
      ) : (
        <ol
          class="talk"
          ref={end}
          tabIndex={0}
          aria-label={w.talk}
          aria-live="polite"
          aria-busy={speaking.value}
          data-testid="talk"
        >
          {turns.value.map((turn, i) => (
            <Said key={i} turn={turn} />
          ))}
        </ol>
      )}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!speaking.peek()) {
            void say(field.current!.value, goOn);
            setText('');
          }
        }}
      >
        <label class="field">
          {words.value.try.prompt}
          <input
            ref={field}
            type="text"
            value={text}
            placeholder={words.value.try.promptPlaceholder}
            onInput={(event) => setText(event.currentTarget.value)}
            autocomplete="off"
          />
        </label>
        <div class="row">
          {speaking.value ? (
            <button type="button" class="primary" onClick={hush}>
              <Icon of={Square} size={18} />
              {w.stop}
            </button>
          ) : (
            <button type="submit" class="primary">
              <Icon of={Send} size={18} />
              {w.send}
            </button>
          )}
          {turns.value.length > 0 && (
            <label class="check">
              <input type="checkbox" checked={goOn} onChange={(event) => setGoOn(event.currentTarget.checked)} />
              <span>{w.goOn}</span>
            </label>
          )}
        </div>
      </form>
    </>
  );
}

function Said({ turn }: { turn: Turn }) {
  const w = words.value.chip;
  const { result } = turn;
  return (
    <li>
      <span class="who">{w.says}</span>
      <p class="prose">
        <span class="asked">{turn.asked}</span>
        <span data-testid="said">{turn.text}</span>
      </p>
      {result && (
        <span class="soft small numbers">
          {w.tokens(count(result.tokens))}
          {kind.value !== 'virtual'
            ? ` · ${w.speed(rate(result.tokens_per_second))}`
            : modelled.value && ` · ${w.speedModelled(rate(modelled.value))}`}
        </span>
      )}
    </li>
  );
}
