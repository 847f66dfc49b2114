import { Option, type Command } from 'commander';
import { keepOthers, writeAtomic } from '../../node/files.js';
import { readTlm, type Packing } from '../../format/index.js';
import {
  configOf, describeTrits, gateOrder, renumberTokens, TRITS, type FloatModel, type ModelConfig, type ModelShorthand,
} from '../../model/index.js';
import { DEFAULT_THRESHOLD, type TensorReport, type TernaryMethod } from '../../quantize/index.js';
import { Tokenizer, TOKENIZER_LIMITS, type TokenizerTable } from '../../tokenizer/index.js';
import { encodeDocuments, type TokenizedDocument } from '../../train/index.js';
import { chooseTrainer } from '../choose-trainer.js';
import { verb, type Context } from '../context.js';
import { UsageError } from '../errors.js';
import { exportModel, type ExportOptions } from '../export-model.js';
import { judgeGates, judgeNoise, noiseLevel, noiseWords, tryGates } from '../import-check.js';
import { bitsOfFloat, bitsOfTlm } from '../measure.js';
import { floatModel, openWeights, type WeightsSource } from '../model-source.js';
import { addOptions, CORPUS_OPTIONS } from '../options.js';
import { threadsOf } from '../pipeline.js';
import { corpusRecord, loadRecorded, measured, prepareData } from '../prepare.js';
import { table } from '../terminal.js';
import { findTokenizer, sampleTexts, type TokenizerOptions } from '../tokenizer-source.js';
import { bits, count, namePair, percent } from '../values.js';

interface Options extends TokenizerOptions {
  method?: TernaryMethod;
  threshold?: number;
  trits?: ModelShorthand['trits'];
  map?: ReadonlyMap<string, string>;
  gates?: string;
  out: string;
  packing: Packing;
  corpus?: string;
  threads?: number;
  force?: boolean;
  json?: boolean;
}

export function quantizeCommand(context: Context): Command {
  const command = verb(
    'quantize',
    "Make float weights ternary, of a checkpoint of TinyLM's or one saved from PyTorch (safetensors).",
    [
      'tinylm quantize run/my-text --method sign --out sign.tlm',
      'tinylm quantize gru.safetensors --tokenizer-from byte --trits 2 --out gru.tlm',
      'tinylm quantize gru.safetensors --tokenizer-from tokenizer.json --corpus my-text.txt',
      'tinylm quantize gru.safetensors --tokenizer-from stoi.json --map emb=embed --map cell=rnn --gates zrn',
    ],
  ).argument('<checkpoint>', 'a safetensors file, or a run folder (its best weights)');
  command.addOption(
    new Option(
      '--method <kind>',
      'fit: the least squared error; threshold: as in training; sign: every weight becomes its sign ' +
        '(default: fit for two or three trits of weights that were not trained for them, else threshold)',
    ).choices(['fit', 'threshold', 'sign']),
  );
  addOptions(command, ['threshold', 'trits'], {
    threshold: {
      about: `weights below t times their row's mean become zero (default: as in training, else ${DEFAULT_THRESHOLD})`,
    },
    trits: { about: 'ternary digits a weight, 1 to 3, or by group, e.g. embed=2,hh=1 (default: as in training, else 1)' },
  });
  command.option(
    '--tokenizer-from <source>',
    "run folder, .tlm or checkpoint to take the tokenizer from; byte; another program's tokenizer.json, stoi.json, chars.json, " +
      'vocab.txt; or the corpus that it was trained on',
  );
  command.addOption(
    new Option('--map <theirs=ours>', "a tensor's name in the checkpoint, and ours; as often as needed").argParser(namePair),
  );
  command.option('--gates <order>', 'order of the gates in the checkpoint (default: rzn, as in PyTorch)');
  addOptions(command, ['tokenizer', 'out', 'packing'], {
    tokenizer: { about: 'with a corpus as --tokenizer-from: the kind to train' },
    out: { about: '.tlm file to write', initial: 'model.tlm' },
  });
  command.option(
    '--corpus <corpus>',
    'also measure bits per byte on the validation part of this text, before and after',
  );
  addOptions(command, [...CORPUS_OPTIONS, 'threads', 'force', 'json'], {
    force: { about: 'overwrite files that are there already with other content, and write a model that is worse than none' },
  });
  return command.action((path: string, options: Options) => quantize(context, path, options));
}

async function quantize(context: Context, path: string, options: Options): Promise<void> {
  const { terminal, stdin } = context;
  const { map, gates } = options;
  if (gates !== undefined) gateOrder(gates);
  const source = openWeights(path, undefined, { map, gates });
  const { trained, notes = [] } = source.file;
  if (trained && (map ?? gates) !== undefined)
    throw new UsageError(`${source.path} is TinyLM's own checkpoint`, 'leave --map and --gates out: they are for other programs\' files');
  const texts = options.corpus === undefined ? undefined : await loadTexts(options.corpus, options, stdin);
  const found = await findTokenizer(source, options, [...sampleTexts(), ...(texts ?? []).slice(0, SAMPLED)], stdin);
  for (const note of [...notes, ...found.notes]) terminal.note(note);

  const read = floatModel(source.file);
  const renumbered = found.rows === undefined ? read : renumberTokens(read, found.rows);
  const float = options.trits === undefined ? renumbered
    : { ...renumbered, config: withTrits(renumbered.config, options.trits) };
  const quantizing = howTo(source, options, float.config, Array.from(found.rows?.output ?? []).some((token) => token < 0));
  const { bytes, report } = exportModel(float, found.table, quantizing);
  if (!options.force) keepOthers([{ path: options.out, bytes }]);
  const text = texts ?? found.documents;
  const where = options.corpus ?? options.tokenizerFrom ?? '';
  let figures: Figures | undefined;
  if (text === undefined) {
    if (!trained) smokeTest(float, found.table, options, context);
  } else figures = await measure(source, float, found.table, bytes, text, where, quantizing, options, context);
  writeAtomic(options.out, bytes);

  const stored = bitsAWeight(bytes);
  if (options.json) {
    terminal.json({
      out: options.out,
      bytes: bytes.length,
      method: quantizing.method,
      ...(quantizing.method === 'threshold' && { threshold: quantizing.threshold }),
      tensors: report.map((t) => ({ ...t, bitsPerWeight: stored.get(t.name) })),
      bitsPerByte: figures,
    });
    return;
  }
  terminal.out(reportTable(report, stored));
  terminal.out();
  terminal.out(`${options.out}: ${count(bytes.length)} bytes, ${describeTrits(float.config)} a weight (${quantizing.method})`);
  if (figures) {
    terminal.out(
      `bits per byte on ${count(figures.bytes)} bytes of ${where} held out: ` +
        `${bits(figures.before)} as floats, ${bits(figures.after)} as ternary integers`,
    );
  }
}

/** Digits of all weights, or of the groups that are named. */
const withTrits = (config: ModelConfig, trits: Options['trits']): ModelConfig =>
  configOf({ ...config, trits: typeof trits === 'object' ? { ...config.trits, ...trits } : trits });

/** Documents of a corpus that an imported tokenizer is tried on. */
const SAMPLED = 200;

const loadTexts = (corpus: string, loading: TokenizerOptions, stdin: Context['stdin']): Promise<string[]> =>
  loadRecorded(corpusRecord(corpus, loading), undefined, stdin);

/** @param strangers whether there are tokens that the model never knew: what keeps them out needs biases of 16 bits */
function howTo({ file: { trained } }: WeightsSource, { method, threshold, packing }: Options, { trits }: ModelConfig, strangers: boolean):
  ExportOptions {
  // Measured on five float models: fitted levels of two and three trits lose half as much; of one trit the threshold is as good or better.
  const fitted = !trained?.options.ternary && threshold === undefined && Object.values(trits).some((n) => n > 1);
  const usual = fitted ? 'fit' : 'threshold';
  return {
    method: method ?? usual,
    threshold: threshold ?? trained?.options.threshold ?? DEFAULT_THRESHOLD,
    packing,
    embedFrac: trained?.options.embedFrac,
    ...(strangers && { biasBytes: 2 as const }),
  };
}

/** Bits that a file has for a weight of each matrix, its scales counted. */
function bitsAWeight(tlm: Uint8Array): Map<string, number> {
  const { info, model } = readTlm(tlm);
  return new Map(model.tensors.flatMap((tensor, i): [string, number][] => {
    if (tensor.kind !== 'ternary') return [];
    const { dataBytes } = info.tensors[i];
    return [[tensor.name, (8 * (dataBytes + tensor.scaleBytes * tensor.mantissas.length)) / tensor.levels.length]];
  }));
}

function reportTable(report: readonly TensorReport[], stored: ReadonlyMap<string, number>): string {
  return table([
    ['tensor', 'shape', 'trits a weight', 'bits a weight', 'zeros', 'error', 'scales', 'clamped'],
    ...report.map((t) => [
      t.name,
      t.shape.join(' × '),
      t.trits > 0 ? String(t.trits) : '',
      stored.get(t.name)?.toFixed(2) ?? '',
      t.shape.length > 1 ? percent(t.zeros) : '',
      percent(t.relativeError),
      t.scaleMax > 0 ? `${t.scaleMin.toPrecision(3)} … ${t.scaleMax.toPrecision(3)}` : '',
      t.clamped > 0 ? count(t.clamped) : '',
    ]),
  ]);
}

const OTHER_TOKENIZER = 'give the tokenizer that the model was trained with, and a text of the kind that it knows';

/** Without a text of the user's: a checkpoint from elsewhere is tried on the built-in stories, which tell the order of its gates. */
function smokeTest(float: FloatModel, tokenizer: TokenizerTable, { gates, force }: Options, { terminal }: Context): void {
  const documents = encodeDocuments(new Tokenizer(tokenizer), sampleTexts());
  if (strangeShare(documents, tokenizer) > STRANGE) {
    terminal.note('not measured: give --corpus with a text of the kind that the model knows');
    return;
  }
  const level = noiseLevel(documents, float.config.vocab);
  const fit = tryGates(float, documents, tokenizer.eod);
  const [own, other] = fit;
  const stories = 'the built-in English stories';
  // Of a text in another language little can be said.
  if (gates === undefined && !force && other !== undefined && other.bits < CLEAR) judgeGates(fit, stories);
  if (own.bits > level)
    terminal.warn(`${bits(own.bits)} bits per byte on ${stories}, ${noiseWords(level)}; give --corpus with a text of the ` +
      'kind that the model knows, and see whether it is the right tokenizer');
  else terminal.note(`not measured on a text that it knows (--corpus); on ${stories} it has ${bits(own.bits)} bits per byte`);
}

/** Share of nibbles above which a text is of other letters than the model's. */
const STRANGE = 0.2;

function strangeShare(documents: readonly TokenizedDocument[], { nibbleBase }: TokenizerTable): number {
  const nibble = (token: number): boolean => nibbleBase >= 0 && token >= nibbleBase && token < nibbleBase + TOKENIZER_LIMITS.nibbleCount;
  const tokens = documents.flatMap((d) => [...d.tokens]);
  return tokens.filter(nibble).length / tokens.length;
}

/** Bits per byte that no model reaches by chance on a text. */
const CLEAR = 5;

interface Figures {
  readonly bytes: number;
  readonly before: number;
  readonly after: number;
  /** Bits per byte with more trits, where one loses much. */
  readonly trits?: Readonly<Record<string, number>>;
}

/** A loss in bits per byte that is not said calmly. */
const LOSS = 0.3;

/** Bits per byte before and after, on the validation part of a text; what is worse than nothing is refused. */
async function measure(
  source: WeightsSource,
  float: FloatModel,
  tokenizer: TokenizerTable,
  tlm: Uint8Array,
  texts: readonly string[],
  where: string,
  quantizing: ExportOptions,
  { threads, gates, force }: Options,
  { terminal }: Context,
): Promise<Figures> {
  const { valid } = prepareData(texts, corpusRecord(where).splitSeed, tokenizer);
  const documents = measured(valid);
  if (!source.file.trained && gates === undefined && !force) judgeGates(tryGates(float, documents, tokenizer.eod), where);
  const before = await bitsOfFloat(float, documents, {
    kernels: (await chooseTrainer(terminal)).kernels,
    threads: threadsOf({ threads }),
    eod: tokenizer.eod,
  });
  const level = noiseLevel(documents, float.config.vocab);
  if (!force) judgeNoise(before, level, 'as floats', where, OTHER_TOKENIZER);
  const after = await bitsOfTlm(tlm, documents);
  const figures = { bytes: documents.reduce((sum, d) => sum + d.bytes, 0), before, after };
  if (after - before <= LOSS) return figures;
  const trits = await moreTrits(float, tokenizer, documents, quantizing);
  const tried = Object.entries(trits).map(([n, found]) => `--trits ${n}: ${bits(found)}`).join(', ');
  const help = `${tried === '' ? '' : `${tried} bits per byte; `}` +
    'weights that are ternary from the beginning of the training lose least (tinylm train without --float)';
  if (!force) judgeNoise(after, level, `made ternary (${bits(before)} as floats)`, where, help);
  terminal.warn(`made ternary, the model loses ${bits(after - before)} bits per byte (${bits(before)} → ${bits(after)})`);
  terminal.note(`what helps: ${help}`);
  return { ...figures, trits };
}

/** The same model with more digits a weight, in the engine. */
async function moreTrits(float: FloatModel, tokenizer: TokenizerTable, documents: readonly TokenizedDocument[], quantizing: ExportOptions):
  Promise<Record<string, number>> {
  const most = Math.max(...Object.values(float.config.trits));
  const tried: Record<string, number> = {};
  for (const trits of TRITS.filter((n) => n > most)) {
    const config = withTrits(float.config, trits);
    tried[trits] = await bitsOfTlm(exportModel({ ...float, config }, tokenizer, { ...quantizing, method: 'fit' }).bytes, documents);
  }
  return tried;
}
