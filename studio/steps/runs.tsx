/** Runs of earlier visits, kept in this browser. */
import { useRef, useState } from 'preact/hooks';
import type { StoredRun } from '../../src/web/protocol.js';
import { count, decimal, words } from '../i18n/index.js';
import { Icon, Play, RotateCcw, Trash2 } from '../parts/icon.js';
import { Card } from '../parts/page.js';
import { busy } from '../state/run-machine.js';
import { go } from '../state/store.js';
import { earlier, removeRun, restore, run, tryRun } from '../actions/train.js';

export function EarlierRuns() {
  const w = words.value.train;
  const [asked, setAsked] = useState<StoredRun | undefined>(undefined);
  const dialog = useRef<HTMLDialogElement>(null);
  if (earlier.value.length === 0) return null;
  const state = (r: StoredRun): string => {
    const at = [count(r.step), count(r.steps)] as const;
    return r.state === 'end' ? w.runEnd : r.state === 'stopped' ? w.runStopped(...at) : w.runOpen(...at);
  };
  return (
    <Card title={w.runs}>
      <ul class="runs">
        {earlier.value.map((r) => (
          <li key={r.run}>
            <div class="what">
              <strong>{r.name}</strong>
              <span class="soft small">
                {state(r)}
                {r.bestBits !== undefined && `, ${decimal(r.bestBits, 3)} ${w.bits}`} ·{' '}
                <time dateTime={r.started}>
                  {new Date(r.started).toLocaleString(words.value.locale, { dateStyle: 'medium', timeStyle: 'short' })}
                </time>
              </span>
            </div>
            <div class="row">
              {r.state === 'open' && !busy(run.state.value) && (
                <button
                  type="button"
                  class="primary"
                  onClick={() => {
                    restore(r.run);
                    go('train');
                  }}
                >
                  <Icon of={RotateCcw} size={18} />
                  {w.runGoOn}
                </button>
              )}
              {(r.state !== 'open' || r.bestBits !== undefined) && (
                <button
                  type="button"
                  onClick={() =>
                    void tryRun(r).then((there) => {
                      if (there) go('try');
                    })
                  }
                >
                  <Icon of={Play} size={18} />
                  {w.runTry}
                </button>
              )}
              <button
                type="button"
                class="quiet"
                aria-label={`${w.runRemove}: ${r.name}`}
                onClick={() => {
                  setAsked(r);
                  dialog.current!.showModal();
                }}
              >
                <Icon of={Trash2} size={18} />
              </button>
            </div>
          </li>
        ))}
      </ul>
      <dialog ref={dialog} aria-labelledby="remove-title">
        <form class="stack" method="dialog">
          <h2 id="remove-title">{w.runRemove}</h2>
          <p>{w.runRemoveAsk(asked?.name ?? '')}</p>
          <div class="row">
            <button type="submit" onClick={() => asked && void removeRun(asked.run)}>
              {w.runRemove}
            </button>
            <button type="submit" class="quiet" autofocus>
              {words.value.cancel}
            </button>
          </div>
        </form>
      </dialog>
    </Card>
  );
}
