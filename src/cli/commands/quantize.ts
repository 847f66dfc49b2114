import { Option, type Command } from 'commander';
import { keepOthers, writeAtomic } from '../../node/files.js';
import { readTlm, type Packing } from '../../format/index.js';
import { describeTrits, gateOrder, renumberTokens, type ModelConfig, type ModelShorthand } from '../../model/index.js';
import { DEFAULT_THRESHOLD, type TensorReport, type TernaryMethod } from '../../quantize/index.js';
import { verb, type Context } from '../context.js';
import { UsageError } from '../errors.js';
import { exportModel, usualMethod, type ExportOptions } from '../../run/export-model.js';
import { floatModel, openWeights, type WeightsSource } from '../model-source.js';
import { addOptions, CORPUS_OPTIONS } from '../options.js';
import { corpusRecord, loadRecorded } from '../load-corpus.js';
import { measureOn, tryOnStories, withTrits, type Figures, type Quantizing } from '../quantized-figures.js';
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
    trits: {
      about: 'ternary digits a weight, 1 to 3, or by group, e.g. embed=2,hh=1 (default: as in training, else 1)',
    },
  });
  command.option(
    '--tokenizer-from <source>',
    "run folder, .tlm or checkpoint to take the tokenizer from; byte; another program's tokenizer.json, stoi.json, " +
      'chars.json, vocab.txt; or the corpus that it was trained on',
  );
  command.addOption(
    new Option('--map <theirs=ours>', "a tensor's name in the checkpoint, and ours; as often as needed").argParser(
      namePair,
    ),
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
    force: {
      about: 'overwrite files that are there already with other content, and write a model that is worse than none',
    },
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
    throw new UsageError(
      `${source.path} is TinyLM's own checkpoint`,
      "leave --map and --gates out: they are for other programs' files",
    );
  const texts = options.corpus === undefined ? undefined : await loadTexts(options.corpus, options, stdin);
  const found = await findTokenizer(source, options, [...sampleTexts(), ...(texts ?? []).slice(0, SAMPLED)], stdin);
  for (const note of [...notes, ...found.notes]) terminal.note(note);

  const read = floatModel(source.file);
  const renumbered = found.rows === undefined ? read : renumberTokens(read, found.rows);
  const float =
    options.trits === undefined ? renumbered : { ...renumbered, config: withTrits(renumbered.config, options.trits) };
  // What keeps out tokens that the model never knew needs biases of 16 bits.
  const strangers = Array.from(found.rows?.output ?? []).some((token) => token < 0);
  const quantizing: Quantizing = {
    float,
    tokenizer: found.table,
    options: { ...howTo(source, options, float.config), ...(strangers && { biasBytes: 2 as const }) },
    origin: trained === undefined ? 'elsewhere' : trained.options.ternary ? 'ternary' : 'float',
  };
  const { method, threshold } = quantizing.options;
  const { bytes, report } = exportModel(float, found.table, quantizing.options);
  if (!options.force) keepOthers([{ path: options.out, bytes }]);
  const text = texts ?? found.documents;
  const where = options.corpus ?? options.tokenizerFrom ?? '';
  let figures: Figures | undefined;
  if (text !== undefined) figures = await measureOn(text, where, bytes, quantizing, options, context);
  else if (!trained) tryOnStories(quantizing, options, context);
  writeAtomic(options.out, bytes);

  const stored = bitsAWeight(bytes);
  if (options.json) {
    terminal.json({
      out: options.out,
      bytes: bytes.length,
      method,
      ...(method === 'threshold' && { threshold }),
      tensors: report.map((t) => ({ ...t, bitsPerWeight: stored.get(t.name) })),
      bitsPerByte: figures,
    });
    return;
  }
  terminal.out(reportTable(report, stored));
  terminal.out();
  terminal.out(`${options.out}: ${count(bytes.length)} bytes, ${describeTrits(float.config)} a weight (${method})`);
  if (figures) {
    terminal.out(
      `bits per byte on ${count(figures.bytes)} bytes of ${where} held out: ` +
        `${bits(figures.before)} as floats, ${bits(figures.after)} as ternary integers`,
    );
  }
}

/** Documents of a corpus that an imported tokenizer is tried on. */
const SAMPLED = 200;

const loadTexts = (corpus: string, loading: TokenizerOptions, stdin: Context['stdin']): Promise<string[]> =>
  loadRecorded(corpusRecord(corpus, loading), undefined, stdin);

/** How the weights become ternary where the command line does not say. */
function howTo(
  { file: { trained } }: WeightsSource,
  { method, threshold, packing }: Options,
  config: ModelConfig,
): ExportOptions {
  const usual = threshold === undefined ? usualMethod(trained?.options.ternary === true, config) : 'threshold';
  return {
    method: method ?? usual,
    threshold: threshold ?? trained?.options.threshold ?? DEFAULT_THRESHOLD,
    packing,
    embedFrac: trained?.options.embedFrac,
  };
}

/** Bits that a file has for a weight of each matrix, its scales counted. */
function bitsAWeight(tlm: Uint8Array): Map<string, number> {
  const { info, model } = readTlm(tlm);
  return new Map(
    model.tensors.flatMap((tensor, i): [string, number][] => {
      if (tensor.kind !== 'ternary') return [];
      const { dataBytes } = info.tensors[i];
      return [[tensor.name, (8 * (dataBytes + tensor.scaleBytes * tensor.mantissas.length)) / tensor.levels.length]];
    }),
  );
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
