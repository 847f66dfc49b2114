/** The figures of a run, as people read them. Nothing is computed here. */
import type { Figures } from '../run/finish.js';
import type { GrammarFigures } from '../run/grammar.js';
import { shape, weightWords } from '../run/shape.js';
import { markdownTable, table } from './terminal.js';
import { bits, count, duration, percent, plural } from './values.js';
import { visible } from './visible.js';
import { zipWords } from './zip.js';

function sizeRows(f: Figures): string[][] {
  return [
    ['model', shape(f.model)],
    ['parameters', count(f.parameters)],
    ['weights', weightWords(f.model)],
    ['original weights, float32', `${count(f.floatBytes)} bytes`],
    ['exported file (.tlm)', `${count(f.tlmBytes)} bytes, ${(f.floatBytes / f.tlmBytes).toFixed(1)} times smaller`],
    ['memory the engine asks for', `${count(f.engineBytes)} bytes`],
  ];
}

function speedRows(f: Figures): string[][] {
  const { seconds, tokens, tokensPerSecond, backend, threads, steps, epochs, best, cooled } = f.training;
  const speed =
    tokensPerSecond === undefined ? '' : `, ${count(tokensPerSecond)} tokens/s with ${plural(threads, 'thread')}`;
  return [
    ['trained', `${plural(steps, 'step')}, ${epochs.toFixed(1)} epochs`],
    ...(cooled === undefined
      ? []
      : [
          [
            'ended early',
            `the validation text got no better after step ${count(cooled.from)}, of ${count(cooled.planned)} planned`,
          ],
        ]),
    ...(best === undefined || best === steps
      ? []
      : [['exported', `the weights of step ${count(best)}, the best on the validation text`]]),
    ['trainer', backend],
    ...(tokens > 0 ? [['time', `${duration(seconds)}${speed}`]] : []),
    ['generating', `${count(f.engineTokensPerSecond)} tokens/s (the C engine as WebAssembly, one thread)`],
  ];
}

function qualityRows({ quality: q, ternary, threshold }: Figures): string[][] {
  const difference = (a: number, b: number): string => `${a - b >= 0 ? '+' : '−'}${Math.abs(a - b).toFixed(4)}`;
  const reference = q.trained ?? q.float;
  return [
    ...(q.trained === undefined
      ? [['float model, as trained', bits(q.float), '']]
      : [['ternary model, as trained', bits(q.trained), '']]),
    [
      ternary
        ? 'exported: integers, in the C engine'
        : `threshold ${threshold} after training: integers, in the C engine`,
      bits(q.exported),
      difference(q.exported, reference),
    ],
    [
      ternary ? 'the same latent weights by sign alone, without zeros' : 'sign after training, without zeros',
      bits(q.sign),
      difference(q.sign, reference),
    ],
    ...(q.trained === undefined
      ? []
      : [['the latent float weights, used as they are', bits(q.float), difference(q.float, reference)]]),
  ];
}

/** A difference below this, in bits per byte, says nothing. */
const SAME = 0.005;

function signWords({ ternary, quality: q }: Figures): string {
  const worse = q.sign - q.exported;
  if (ternary && Math.abs(worse) < SAME) return 'Without zeros, by sign alone, this model is as good.';
  if (ternary && worse < 0)
    return (
      `By sign alone, without zeros, this model is ${(-worse).toFixed(2)} bits per byte better: rare, and a sign of too ` +
      'little training or text. tinylm quantize --method sign makes that file.'
    );
  if (ternary)
    return (
      'Training kept a zero for small weights in sight, so sign alone gives another model than the one that was ' +
      `trained: ${worse.toFixed(2)} bits per byte worse. That is why the threshold is the default.`
    );
  return (
    `Made ternary after training, this float model loses ${(q.exported - q.float).toFixed(2)} bits per byte with the ` +
    `threshold and ${(q.sign - q.float).toFixed(2)} with sign alone. Training with ternary weights from the start ` +
    '(without --float) avoids most of it.'
  );
}

function grammarLines(g: GrammarFigures): string[] {
  const lines = [
    `${count(g.coherent)} of ${count(g.sentences)} sentences of ${g.stories} generated stories are coherent: ` +
      `${percent(g.share)} (the grammar of the built-in stories accepts them, and names, things and pronouns fit the ` +
      `story so far; ${percent(g.parsed / Math.max(1, g.sentences))} parse).`,
  ];
  if (g.reasons.length > 0) lines.push('Why others are not:', ...g.reasons.map((r) => `- ${r}`));
  return lines;
}

const heldOut = ({ quality }: Figures): string =>
  quality.known ? 'of the text it was trained on: it is too short to hold any out' : 'of held-out text';

/** For the terminal. */
export function reportText(f: Figures): string {
  const parts = [
    table([...sizeRows(f), ...speedRows(f)], [0, 1]),
    `Bits per byte on ${count(f.quality.bytes)} bytes ${heldOut(f)} (lower is better; ${zipWords(f.quality.zip)}):\n` +
      table(qualityRows(f).map(([what, value, diff]) => [`  ${what}`, value, diff])),
    signWords(f),
  ];
  if (f.grammar) parts.push(grammarLines(f.grammar).join('\n'));
  return parts.join('\n\n');
}

/** A text as a block of Markdown that shows it as it is, whatever marks are in it. */
export function block(text: string): string {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}text\n${visible(text.trim())}\n${fence}`;
}

/** For report.md. */
export function reportMarkdown(f: Figures, command: string): string {
  return [
    `# TinyLM on ${f.corpus}`,
    '',
    markdownTable([['', ''], ...sizeRows(f), ...speedRows(f)], [0, 1]),
    '',
    'Speeds are of the machine that made this report.',
    '',
    '## Bits per byte',
    '',
    `On ${plural(f.quality.documents, f.quality.known ? 'document' : 'held-out document')}, ${count(f.quality.bytes)} bytes${f.quality.known ? ` ${heldOut(f)}` : ''}, ` +
      `${plural(f.quality.tokens, 'token')}. Lower is better; ${zipWords(f.quality.zip)}.`,
    '',
    markdownTable([['model', 'bits per byte', 'difference'], ...qualityRows(f)]),
    '',
    signWords(f),
    '',
    '![learning curve](curve.svg)',
    '',
    ...(f.grammar ? ['## Grammar of the generated stories', '', ...grammarLines(f.grammar), ''] : []),
    '## What it writes',
    '',
    `Generated by the C engine from the exported file; ${f.samplingWords}.`,
    '',
    ...f.samples.flatMap((s) => [block(s), '']),
    `Generate more: \`${command}\``,
    '',
  ].join('\n');
}
