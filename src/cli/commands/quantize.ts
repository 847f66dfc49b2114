import { Option, type Command } from 'commander';
import { keepOthers, writeAtomic } from '../../node/files.js';
import { RunFolder } from '../../node/run-folder.js';
import type { Packing } from '../../format/index.js';
import { DEFAULT_THRESHOLD, type TernaryMethod } from '../../quantize/index.js';
import { byteTable, trainTokenizer, type TokenizerKind, type TokenizerTable } from '../../tokenizer/index.js';
import type { CorpusOptions } from '../../node/corpus-files.js';
import { chooseTrainer } from '../choose-trainer.js';
import { verb, type Context } from '../context.js';
import { UsageError } from '../errors.js';
import { exportModel } from '../export-model.js';
import { bitsOfFloat, bitsOfTlm } from '../measure.js';
import { checkTokenizer, floatModel, openSource, openWeights, type WeightsSource } from '../model-source.js';
import { addOptions, CORPUS_OPTIONS } from '../options.js';
import { threadsOf } from '../pipeline.js';
import { corpusRecord, loadRecorded, measured, prepareData } from '../prepare.js';
import { table } from '../terminal.js';
import { bits, count, percent } from '../values.js';

interface Options extends CorpusOptions {
  method: TernaryMethod;
  threshold?: number;
  tokenizerFrom?: string;
  tokenizer: TokenizerKind;
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
      'tinylm quantize gru.safetensors --tokenizer-from byte --threshold 0.5 --out gru.tlm',
      'tinylm quantize gru.safetensors --tokenizer-from run/my-text --corpus my-text.txt',
    ],
  ).argument('<checkpoint>', 'a safetensors file, or a run folder (its best weights)');
  command.addOption(
    new Option('--method <kind>', 'threshold, or sign: every weight becomes its sign')
      .choices(['threshold', 'sign'])
      .default('threshold'),
  );
  addOptions(command, ['threshold'], {
    threshold: {
      about: `weights below t times their row's mean become zero (default: as in training, else ${DEFAULT_THRESHOLD})`,
    },
  });
  command.option(
    '--tokenizer-from <source>',
    'run folder, .tlm or checkpoint to take the tokenizer from; byte; or the corpus that it was trained on',
  );
  addOptions(command, ['tokenizer', 'out', 'packing'], {
    tokenizer: { about: 'with a corpus as --tokenizer-from: the kind to train' },
    out: { about: '.tlm file to write', initial: 'model.tlm' },
  });
  command.option(
    '--corpus <corpus>',
    'also measure bits per byte on the validation part of this text, before and after',
  );
  addOptions(command, [...CORPUS_OPTIONS, 'threads', 'force', 'json']);
  return command.action((path: string, options: Options) => quantize(context, path, options));
}

async function quantize(context: Context, path: string, options: Options): Promise<void> {
  const { terminal, stdin } = context;
  const source = openWeights(path);
  const tokenizer = await findTokenizer(source, options, stdin);
  checkTokenizer(tokenizer, source.file.model, options.tokenizerFrom ?? path);
  const { method, packing } = options;
  const trained = source.file.trained?.options;
  const threshold = options.threshold ?? trained?.threshold ?? DEFAULT_THRESHOLD;
  const float = floatModel(source.file);
  const { bytes, report } = exportModel(float, tokenizer, {
    method,
    threshold,
    packing,
    embedFrac: trained?.embedFrac,
  });
  if (!options.force) keepOthers([{ path: options.out, bytes }]);
  const figures = options.corpus === undefined ? undefined : await measure(source, tokenizer, bytes, options, context);
  writeAtomic(options.out, bytes);

  if (options.json) {
    terminal.json({
      out: options.out,
      bytes: bytes.length,
      method,
      ...(method === 'threshold' && { threshold }),
      tensors: report,
      bitsPerByte: figures,
    });
    return;
  }
  terminal.out(
    table([
      ['tensor', 'shape', 'zeros', 'error', 'scales', 'clamped'],
      ...report.map((t) => [
        t.name,
        t.shape.join(' × '),
        t.shape.length > 1 ? percent(t.zeros) : '',
        percent(t.relativeError),
        t.scaleMax > 0 ? `${t.scaleMin.toPrecision(3)} … ${t.scaleMax.toPrecision(3)}` : '',
        t.clamped > 0 ? count(t.clamped) : '',
      ]),
    ]),
  );
  terminal.out();
  terminal.out(`${options.out}: ${count(bytes.length)} bytes`);
  if (figures) {
    terminal.out(
      `bits per byte on ${count(figures.bytes)} bytes of ${options.corpus} held out: ` +
        `${bits(figures.before)} as floats, ${bits(figures.after)} as ternary integers`,
    );
  }
}

async function findTokenizer(
  source: WeightsSource,
  { tokenizerFrom, tokenizer: kind, ...loading }: Options,
  stdin: Context['stdin'],
): Promise<TokenizerTable> {
  if (tokenizerFrom === undefined) {
    if (source.file.trained) return source.file.trained.tokenizer;
    throw new UsageError(
      `${source.path} was made by another program and has no tokenizer`,
      'add --tokenizer-from byte when its tokens are bytes, or --tokenizer-from <run folder, .tlm or corpus>',
    );
  }
  if (tokenizerFrom === 'byte') return byteTable();
  const isModel = /\.(tlm|safetensors)$/i.test(tokenizerFrom) || RunFolder.is(tokenizerFrom);
  if (!isModel) {
    const documents = await loadRecorded(corpusRecord(tokenizerFrom, loading), undefined, stdin);
    return trainTokenizer(documents, { kind, vocab: source.file.model.vocab });
  }
  const from = openSource(tokenizerFrom);
  if (from.kind === 'tlm') return from.file.tokenizer;
  const trained = (from.kind === 'run' ? openWeights(tokenizerFrom) : from).file.trained;
  if (!trained) throw new UsageError(`${tokenizerFrom} has no tokenizer`, 'give a run folder or a .tlm file');
  return trained.tokenizer;
}

/** Bits per byte before and after, on the validation part of a text. */
async function measure(
  source: WeightsSource,
  tokenizer: TokenizerTable,
  tlm: Uint8Array,
  { corpus, threads, ...loading }: Options,
  { terminal, stdin }: Context,
): Promise<{ bytes: number; before: number; after: number }> {
  const record = corpusRecord(corpus!, loading);
  const { valid } = prepareData(await loadRecorded(record, undefined, stdin, terminal), record.splitSeed, tokenizer);
  const documents = measured(valid);
  return {
    bytes: documents.reduce((sum, d) => sum + d.bytes, 0),
    before: await bitsOfFloat(floatModel(source.file), documents, {
      kernels: (await chooseTrainer(terminal)).kernels,
      threads: threadsOf({ threads }),
      eod: tokenizer.eod,
    }),
    after: await bitsOfTlm(tlm, documents),
  };
}
