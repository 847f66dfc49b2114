/** What was found in a text, and how it is read. */
import { useState } from 'preact/hooks';
import type { CorpusFlags, CorpusFound } from '../../src/web/protocol.js';
import { count, size, words } from '../i18n/index.js';
import { Choice, NumberField, Text } from '../parts/field.js';
import { ArrowRight, Icon } from '../parts/icon.js';
import { Note } from '../parts/note.js';
import { Card, Fact } from '../parts/page.js';
import { go } from '../state/store.js';
import { flags, forgetText, readAgain, sources } from '../actions/text.js';

export function Found({ text }: { text: CorpusFound }) {
  const w = words.value.text;
  const { stats } = text;
  return (
    <div class="appear">
      <div class="columns">
        <div class="stack">
          <Card title={w.found} aside={<span class="soft small">{text.name}</span>}>
            <dl class="facts">
              <Fact value={count(stats.documents)} name={w.documents} />
              <Fact value={size(stats.bytes)} name={w.bytes} />
              <Fact value={count(stats.characters)} name={w.characters} />
              <Fact value={count(stats.distinctCharacters)} name={w.distinct} />
              <Fact value={count(stats.distinctWords)} name={w.words} />
              <Fact value={size(stats.longestBytes)} name={w.longest} />
            </dl>
            <Allows text={text} />
            <Remarks text={text} />
          </Card>
          {!sources.value.every(({ kind }) => kind === 'stories') && (
            <Card title={w.options}>
              <How text={text} />
            </Card>
          )}
        </div>
        <Card title={w.preview}>
          <ul class="preview" tabIndex={0} aria-label={w.previewLabel}>
            {text.preview.map((document, i) => (
              <li key={i} class="prose">
                {document}
              </li>
            ))}
          </ul>
        </Card>
      </div>
      <div class="actions">
        <button type="button" class="quiet" onClick={forgetText}>
          {w.another}
        </button>
        <button type="button" class="primary end" onClick={() => go('size')}>
          {w.next}
          <Icon of={ArrowRight} />
        </button>
      </div>
    </div>
  );
}

/** What this much text allows: said by the corpus room, or that it is enough. */
function Allows({ text }: { text: CorpusFound }) {
  const w = words.value.text;
  return (
    <Note kind={text.sizeRemark === undefined ? 'good' : 'warn'}>
      <strong>{w.allows}</strong>
      <span>{text.sizeRemark === undefined ? w.enough : w.little}</span>
    </Note>
  );
}

/** A remark in the language of the page. */
function said({ code, values, file }: CorpusFound['remarks'][number]): string {
  const text = (words.value.remarks[code] as (values: unknown) => string)(values);
  return file === undefined ? text : `${file}: ${text}`;
}

function Remarks({ text }: { text: CorpusFound }) {
  const { text: w, how } = words.value;
  const read = text.files.map(
    (f) =>
      `${f.name}: ${[f.title, f.encoding, f.field && `${w.field}: ${f.field}`, how(f.words)].filter(Boolean).join(', ')}`,
  );
  const warnings = text.remarks.some(({ kind }) => kind === 'warning');
  if (read.length + text.remarks.length === 0) return null;
  return (
    <details open={warnings}>
      <summary>{w.remarks(count(read.length + text.remarks.length))}</summary>
      <ul class="remarks">
        {text.remarks.map((r) => (
          <li key={r.text}>{r.kind === 'warning' ? <strong>{said(r)}</strong> : said(r)}</li>
        ))}
        {read.slice(0, 20).map((line) => (
          <li key={line} class="soft">
            {line}
          </li>
        ))}
      </ul>
    </details>
  );
}

const SPLITS = ['auto', 'none', 'lines', 'blank', 'marker', 'chat'] as const;
const ENCODINGS = [
  'UTF-8',
  'UTF-16LE',
  'UTF-16BE',
  'windows-1252',
  'ISO-8859-1',
  'ISO-8859-2',
  'windows-1250',
  'windows-1251',
  'KOI8-R',
  'Shift_JIS',
  'GB18030',
  'Big5',
  'EUC-KR',
  'EUC-JP',
] as const;

function How({ text }: { text: CorpusFound }) {
  const w = words.value.text;
  const now = flags.value;
  const [own, setOwn] = useState(now.split !== undefined && !(SPLITS as readonly string[]).includes(now.split));
  const split = own ? 'own' : (now.split ?? 'auto');
  const [draft, setDraft] = useState<CorpusFlags>(now);
  const change = (more: CorpusFlags): void => {
    const all = Object.fromEntries(
      Object.entries({ ...draft, ...more }).filter(
        ([, value]) => value !== undefined && value !== '' && value !== 'auto',
      ),
    );
    setDraft(all);
    void readAgain(all);
  };
  const how = text.files[0]?.words;
  return (
    <>
      <p class="soft small">{w.splitAbout}</p>
      <Choice
        label={w.split}
        value={split}
        options={[...SPLITS, 'own' as const].map((name) => [name, w.splits[name]] as const)}
        onChange={(name) => {
          setOwn(name === 'own');
          if (name !== 'own') change({ split: name });
        }}
      />
      {own && (
        <Text
          label={w.splitOwn}
          value={draft.split ?? ''}
          onChange={(value) => setDraft((before) => ({ ...before, split: value }))}
          placeholder="\n---\n"
        />
      )}
      {how && <p class="soft small">→ {words.value.how(how)}</p>}
      <details>
        <summary>{words.value.more}</summary>
        <div class="stack">
          <Choice
            label={w.encoding}
            value={draft.encoding ?? 'auto'}
            options={[['auto', w.auto], ...ENCODINGS.map((name) => [name, name] as const)]}
            onChange={(encoding) => setDraft((before) => ({ ...before, encoding }))}
          />
          <Text
            label={w.format}
            value={draft.format ?? ''}
            placeholder={w.auto}
            onChange={(format) => setDraft((before) => ({ ...before, format }))}
            about="text, json, jsonl, csv, html, srt …"
          />
          <Text
            label={w.field}
            value={draft.field ?? ''}
            placeholder={w.auto}
            onChange={(field) => setDraft((before) => ({ ...before, field }))}
          />
          <NumberField
            label={w.maxBytes}
            value={draft.maxBytes}
            min={1000}
            max={2 ** 31}
            onChange={(maxBytes) =>
              setDraft(({ maxBytes: _, ...before }) => (maxBytes === undefined ? before : { ...before, maxBytes }))
            }
          />
        </div>
      </details>
      {(own || JSON.stringify(draft) !== JSON.stringify(now)) && (
        <button type="button" onClick={() => change({})}>
          {w.again}
        </button>
      )}
    </>
  );
}
