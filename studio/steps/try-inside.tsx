/** What the model thought of at one token: the five likeliest as bars. */
import type { GeneratedToken, TokenGuess } from '../../src/web/protocol.js';
import { count, percent, words } from '../i18n/index.js';
import { Card } from '../parts/page.js';
import { lookedAt, sides } from '../actions/write.js';

export function Inside() {
  const w = words.value.try;
  // Else the newest token of the first side.
  const side = lookedAt.value?.looked.value === undefined ? sides[0] : lookedAt.value;
  const tokens = side.tokens.value;
  const at = side.looked.value ?? tokens.length - 1;
  const token = tokens[at];
  return (
    <Card
      class="inside"
      title={w.tokens}
      aside={token && <span class="soft small numbers">{w.tokenOf(count(at + 1), count(tokens.length))}</span>}
    >
      {token === undefined ? <p class="soft small">{w.tokensEmpty}</p> : <Guesses token={token} />}
      <p class="soft small">{w.tokensAbout}</p>
    </Card>
  );
}

/** A token's text with what cannot be seen made visible. */
function shown({ text, end }: TokenGuess): string {
  const w = words.value.try;
  if (end) return w.end;
  if (text === ' ') return w.space;
  if (text === '\n') return w.newline;
  return text.replaceAll('\n', '⏎').replaceAll(' ', '·');
}

function Guesses({ token }: { token: GeneratedToken }) {
  const w = words.value.try;
  const five = token.likeliest;
  const among = five.some((g) => g.token === token.token);
  const rest = 1 - five.reduce((sum, g) => sum + g.probability, 0) - (among ? 0 : token.probability);
  return (
    <div class="stack" role="status" aria-live="polite">
      <p>
        <strong>
          <code>{shown(token)}</code>
        </strong>{' '}
        <span class="soft">{w.probability(percent(token.probability))}</span>
      </p>
      <h3>{w.likeliest}</h3>
      <ol class="guesses">
        {five.map((g) => (
          <Guess key={g.token} name={shown(g)} p={g.probability} chosen={g.token === token.token} />
        ))}
        {!among && <Guess name={shown(token)} p={token.probability} chosen />}
        <Guess name={w.others} p={Math.max(0, rest)} words />
      </ol>
    </div>
  );
}

function Guess({
  name,
  p,
  chosen = false,
  words: inWords = false,
}: {
  name: string;
  p: number;
  chosen?: boolean;
  words?: boolean;
}) {
  return (
    <li data-chosen={chosen || undefined}>
      {inWords ? <span class="soft">{name}</span> : <code>{name}</code>}
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect width={Math.max(0.6, 100 * p)} height="8" rx="1.5" />
      </svg>
      <span class="share">
        {percent(p)}
        {chosen && <span class="unseen">{`, ${words.value.try.chosen}`}</span>}
      </span>
    </li>
  );
}
