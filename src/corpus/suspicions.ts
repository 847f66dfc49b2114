/** Signs that a text is not what its owner thinks: mojibake and markup. */
import { quoted, remark, type Markup, type Remark } from './remarks.js';
import { byteOf1252 } from './windows1252.js';

/** How much of a text is looked at, in UTF-16 units. */
const SAMPLE = 2_000_000;

/** Above these shares something is said. */
const MAX_MARKUP = 0.02;
const MIN_MOJIBAKE = 3;

// One class for what a UTF-8 lead byte looks like as Windows-1252, one for what follows it.
const MOJIBAKE = /[Â-ô][\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]{1,3}/g;

const TAGS =
  'a|abbr|b|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|link|meta|ol|p|pre' +
  '|s|script|small|span|strong|style|su[bp]|table|tbody|t[dhr]|thead|title|u|ul';

const MARKUP: Readonly<Record<Markup, RegExp>> = {
  html: new RegExp(`</?(?:${TAGS})(?:\\s[^<>\\n]{0,200})?/?>|&(?:[a-z]{2,8}|#\\d{2,5});`, 'gi'),
  latex: /\\[A-Za-z]{2,}(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})?/g,
  wiki: /\[\[[^\]\n]+\]\]|\{\{[^{}]+\}\}|'''?|^={2,6}[^=\n]+={2,6}$/gm,
  markdown: /^#{1,6} |\]\([^()\s]+\)|\*\*[^*\n]+\*\*|^```.*$|^[ \t]*\|.*\|$/gm,
};

/** What should be said about documents before a model learns them. */
export function suspicions(documents: readonly string[]): Remark[] {
  const text = sampleOf(documents);
  const remarks: Remark[] = [];
  const broken = [...text.matchAll(MOJIBAKE)]
    .filter((m) => !endsCapitals(text, m.index, m[0]))
    .map(([m]) => ({ found: m, meant: demojibake(m) }))
    .filter((m): m is { found: string; meant: string } => m.meant !== undefined);
  // Single pairs may be right: only many of them, among the characters beyond ASCII, are a sign.
  const strong = broken.filter(({ found }) => /^[ÂÃâ]/.test(found)).length;
  const characters = broken.reduce((sum, { found }) => sum + found.length, 0);
  const brokenShare = broken.length === 0 ? 0 : characters / (text.match(/[^\0-\x7f]/g)?.length ?? 1);
  if (broken.length >= MIN_MOJIBAKE && brokenShare >= (strong >= MIN_MOJIBAKE ? 0.05 : 0.5))
    remarks.push(remark('mojibake', { count: broken.length, ...broken[0] }));
  const markup = (Object.keys(MARKUP) as Markup[])
    .map((what) => {
      let characters = 0;
      let first = '';
      for (const [found] of text.matchAll(MARKUP[what])) {
        characters += found.length;
        first ||= found;
      }
      return { what, first, characters };
    })
    .sort((a, b) => b.characters - a.characters)[0];
  const share = markup.characters / Math.max(1, text.length);
  if (share > MAX_MARKUP)
    remarks.push(remark('markup', { share, what: markup.what, sample: quoted(markup.first, 30) }));
  return remarks;
}

/** "CAFÉ…": a word in capitals with a mark after it. */
function endsCapitals(text: string, at: number, found: string): boolean {
  return (
    /\p{Lu}/u.test(text[at - 1] ?? '') && /^.[…”’“‘–—»]+$/.test(found) && !/\p{L}/u.test(text[at + found.length] ?? '')
  );
}

function sampleOf(documents: readonly string[]): string {
  const parts: string[] = [];
  let length = 0;
  for (const document of documents) {
    parts.push(document.slice(0, SAMPLE - length));
    length += document.length + 1;
    if (length >= SAMPLE) break;
  }
  return parts.join('\n');
}

/** What mojibake stood for, if its bytes are one whole character of UTF-8. */
function demojibake(text: string): string | undefined {
  const bytes = [...text].map((c) => byteOf1252(c));
  if (bytes.some((b) => b === undefined)) return undefined;
  for (let length = bytes.length; length > 1; length--) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes.slice(0, length) as number[]));
    } catch {
      // A shorter start may be whole.
    }
  }
  return undefined;
}
