/** HTML and XML → the text that a reader sees. */
import { Parser } from 'htmlparser2';

const HIDDEN = new Set([
  'script',
  'style',
  'head',
  'title',
  'template',
  'noscript',
  'svg',
  'math',
  'nav',
  'iframe',
  'object',
  'select',
  'textarea',
  'button',
  'binary',
]);
const BLOCKS = new Set([
  'p',
  'div',
  'br',
  'hr',
  'li',
  'ul',
  'ol',
  'dl',
  'dt',
  'dd',
  'tr',
  'table',
  'section',
  'article',
  'aside',
  'header',
  'footer',
  'main',
  'figure',
  'figcaption',
  'blockquote',
  'pre',
  'form',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'address',
  'center',
  'body',
  'html',
  'details',
  'summary',
]);
const PARAGRAPHS = new Set([
  'p',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'blockquote',
  'article',
  'section',
  'pre',
  'ul',
  'ol',
  'table',
  'hr',
]);

/** The text of a page: scripts, styles, the head and navigation left out, a blank line between paragraphs. */
export function htmlText(html: string): string {
  const writer = new Writer();
  let hidden = 0;
  let kept = 0;
  const parser = new Parser({
    onopentag(name) {
      if (HIDDEN.has(name)) hidden++;
      if (name === 'pre') kept++;
      if (PARAGRAPHS.has(name)) writer.paragraph();
      else if (BLOCKS.has(name)) writer.line();
      else if (name === 'td' || name === 'th') writer.space();
    },
    onclosetag(name) {
      if (HIDDEN.has(name)) hidden = Math.max(0, hidden - 1);
      if (name === 'pre') kept = Math.max(0, kept - 1);
      if (PARAGRAPHS.has(name)) writer.paragraph();
      else if (BLOCKS.has(name) && name !== 'br') writer.line();
    },
    ontext(text) {
      if (hidden === 0) writer.text(text, kept > 0);
    },
  });
  parser.end(html);
  return writer.result();
}

/** An element of XML. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  /** The text between its tags that is in no other element. */
  text: string;
  /** All text inside, in order. */
  all: string;
}

const MAX_DEPTH = 100;

/** The tree of an XML text; whatever is not closed ends where the text does. */
export function xmlTree(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '', all: '' };
  const open: Element[] = [root];
  let depth = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const element: Element = { name: name.replace(/^.*:/, ''), attributes, children: [], text: '', all: '' };
        // Deeper than any real text, elements lie side by side: the tree is walked by recursion.
        depth++;
        open[open.length - 1].children.push(element);
        if (depth <= MAX_DEPTH) open.push(element);
      },
      onclosetag() {
        if (depth-- <= MAX_DEPTH && open.length > 1) open.pop();
      },
      ontext(text) {
        open[open.length - 1].text += text;
        for (const element of open) element.all += text;
      },
    },
    { xmlMode: true },
  );
  parser.end(xml);
  return root;
}

/** Collects text with one space between words and at most one blank line between paragraphs. */
class Writer {
  private readonly parts: string[] = [];
  private pending = '';

  paragraph(): void {
    this.pending = '\n\n';
  }

  line(): void {
    if (!this.pending.startsWith('\n')) this.pending = '\n';
  }

  space(): void {
    if (this.pending === '') this.pending = ' ';
  }

  text(text: string, keep: boolean): void {
    if (keep) {
      this.put(text);
      return;
    }
    const words = text.replace(/[ \t\n\r\f]+/g, ' ');
    if (words.startsWith(' ')) this.space();
    const trimmed = words.trim();
    if (trimmed === '') return;
    this.put(trimmed);
    if (words.endsWith(' ')) this.space();
  }

  result(): string {
    return this.parts.join('');
  }

  private put(text: string): void {
    this.parts.push(this.parts.length === 0 && this.pending !== '' ? text : this.pending + text);
    this.pending = '';
  }
}
