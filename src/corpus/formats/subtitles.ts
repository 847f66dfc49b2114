import subsrt from 'subsrt-ts';
import { TinyLMError } from '../../model/errors.js';
import { htmlText } from '../markup.js';
import type { CorpusFormat } from './types.js';

const TIME = '\\d{1,2}:\\d\\d:\\d\\d[,.]\\d{1,3}';
/** Kinds by their beginning; the names are subsrt's. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['vtt', /^WEBVTT\b/],
  ['ass', /^\[Script Info\]/i],
  ['smi', /^<SAMI>/i],
  ['srt', new RegExp(`^(?:\\d+[ \\t]*\\n)?${TIME}[ \\t]*-->[ \\t]*${TIME}`)],
  ['sbv', new RegExp(`^${TIME},${TIME}\\s*\\n`)],
  ['sub', /^\{\d+\}\{\d+\}/],
  ['lrc', /^(?:\[[a-z]+:[^\]\n]*\]\s*\n)*(?:\[\d\d:\d\d\.\d{2,3}\][^\n]*\n){3}/i],
];

/** Subtitles and lyrics with times: a line for each cue, without numbers, times and tags; a file is one document. */
export const subtitles: CorpusFormat = {
  id: 'subtitles',
  title: 'subtitles',
  extensions: ['srt', 'vtt', 'ass', 'ssa', 'sbv', 'smi', 'lrc'],

  detect: ({ text }) => kindOf(text) !== undefined,

  async read(source, out) {
    const text = (await source.text()).text
      .replace(/\r\n?/g, '\n')
      .replace(/\ufeff/g, '')
      .trimStart();
    const kind = kindOf(text) ?? 'srt';
    let cues: string[];
    try {
      cues = subsrt
        .parse(kind === 'srt' ? numbered(text) : text, { format: kind })
        .flatMap((cue) => (cue.type === 'caption' ? [cleanCue(cue.content)] : []));
    } catch (error) {
      throw unreadable(source.name, error instanceof Error ? error.message : String(error));
    }
    cues = cues.filter((cue) => cue !== '');
    if (cues.length === 0) throw unreadable(source.name, 'found no cue');
    out.remark('from-subtitles', { count: cues.length });
    out.addRecord(cues.join('\n'), source.options.split);
    return { words: 'a line for each subtitle, a file is one document' };
  },
};

/** Each cue with its number: some programs leave them out, and subsrt wants them. */
function numbered(text: string): string {
  let n = 0;
  return text.replace(new RegExp(`(^|\\n\\s*\\n)(?=${TIME}[ \\t]*-->)`, 'g'), (start) => `${start}${++n}\n`);
}

const kindOf = (text: string): string | undefined => {
  const start = text.replace(/^\s+/, '');
  return KINDS.find(([, pattern]) => pattern.test(start))?.[0];
};

function unreadable(name: string, why: string): TinyLMError {
  return new TinyLMError(
    'corpus-subtitles',
    `${name}: no subtitles could be read: ${why}.`,
    'Convert them to SRT first: ffmpeg -i FILE text.srt',
  );
}

/** One line: tags of SRT and VTT, entities and positions of ASS go. */
function cleanCue(text: string): string {
  return htmlText(
    text
      .replace(/\{\\[^}]*\}|^\\[^{}\s]*\}|<\d\d:[\d:.]+>/g, '')
      .replace(/\\[Nn]/g, ' ')
      .replace(/\s*\n\s*/g, ' '),
  )
    .replace(/\s+/g, ' ')
    .trim();
}
