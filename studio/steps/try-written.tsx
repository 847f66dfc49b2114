/** A text whose tokens can be looked at, by pointer or arrow keys. */
import { useRef } from 'preact/hooks';
import type { GeneratedToken } from '../../src/web/protocol.js';
import { words } from '../i18n/index.js';
import { shaded, type Side } from '../actions/write.js';

/** 0 (hardly) … 3 (sure): how likely the model took what it drew. */
const sureness = (p: number): number => (p < 0.1 ? 0 : p < 0.35 ? 1 : p < 0.7 ? 2 : 3);

export function Written({ side }: { side: Side }) {
  const w = words.value.try;
  const box = useRef<HTMLDivElement>(null);
  const tokens = side.tokens.value;
  const looked = side.looked.value;
  const move = (by: number): void => {
    // Of this moment, not of the last rendering: a second key may come before it.
    const to = Math.max(0, Math.min(side.tokens.peek().length - 1, (side.looked.peek() ?? -1) + by));
    side.look(to);
    box.current?.querySelector(`[data-at="${to}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  const at = (event: Event): number | undefined => {
    const place = (event.target as HTMLElement).dataset['at'];
    return place === undefined ? undefined : Number(place);
  };
  return (
    <div
      ref={box}
      class={`written prose${shaded.value ? ' shaded' : ''}`}
      data-testid="written"
      tabIndex={0}
      role="group"
      aria-label={`${w.output}. ${w.tokensAbout}`}
      // Not "over": that also comes when the page moves below a pointer that rests, and would take what the keys chose.
      onPointerMove={(event) => {
        const i = at(event);
        if (i !== undefined && event.pointerType !== 'touch') side.look(i);
      }}
      onClick={(event) => {
        const i = at(event);
        if (i !== undefined) side.look(i);
      }}
      onKeyDown={(event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10, Home: -Infinity, End: Infinity }[
          event.key
        ];
        if (by === undefined || side.tokens.peek().length === 0) return;
        event.preventDefault();
        move(by);
      }}
    >
      <span class="prompt">{side.begun.value}</span>
      {tokens.map((token, i) => (
        <Token key={i} token={token} at={i} chosen={i === looked} />
      ))}
    </div>
  );
}

function Token({ token, at, chosen }: { token: GeneratedToken; at: number; chosen: boolean }) {
  return (
    <span class={`token sure-${sureness(token.probability)}`} data-at={at} data-chosen={chosen || undefined}>
      {token.piece}
    </span>
  );
}
