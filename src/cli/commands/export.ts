import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { naturalOptions, samplerOptions, SAMPLER_DEFAULTS } from '../../engine/index.js';
import { exportBins, readTlm, spec, writeTlm, type Packing, type SamplingDefaults } from '../../format/index.js';
import { CACHE_BIASES, HEAD, TinyLMError } from '../../model/index.js';
import { fixBiases, type QuantizedModel } from '../../quantize/index.js';
import { keepOthers, makeFolder, writeAtomic } from '../../node/files.js';
import { shellWord } from '../../node/shell.js';
import { verb, type Context } from '../context.js';
import { UsageError } from '../errors.js';
import { openTlm } from '../model-source.js';
import { addOptions } from '../options.js';
import { arduinoProject, BOARDS, headerOf, platformioProject, type BoardChip } from '../sketch-project.js';
import { table } from '../terminal.js';
import { count } from '../values.js';

interface Options {
  packing: Packing;
  temperature?: number;
  topK?: number;
  repetitionPenalty?: number;
  cacheBias?: number[];
  out: string;
  force?: boolean;
  header: boolean | string;
  arduino?: string;
  platformio?: string;
  chip: BoardChip;
  json?: boolean;
}

export function exportCommand(context: Context): Command {
  const command = verb(
    'export',
    'Write a model for other programs: the .tlm, one .bin a tensor, and a C header on request.',
    [
      'tinylm export run/demo --out model',
      'tinylm export run/demo --packing t2 --header --out firmware/model',
      'tinylm export run/demo --arduino Stories --chip esp32c3',
      'tinylm export run/demo --temperature 0.7 --repetition-penalty 1.1 --out model',
    ],
  ).argument('<model>', 'a run folder, a .tlm file, a checkpoint or a name (tinylm models)');
  addOptions(command, ['packing', 'temperature', 'topK', 'repetitionPenalty', 'cacheBias', 'out'], {
    temperature: {
      about: `temperature that the file says it is best sampled with (default: as it says; else ${SAMPLER_DEFAULTS.temperature} where another of these is given)`,
    },
    topK: { about: `the same for top-k (else ${SAMPLER_DEFAULTS.topK})` },
    repetitionPenalty: { about: 'the same for the repetition penalty (else 1, off)' },
    cacheBias: {
      about: `other numbers for the cache of recent text, ${CACHE_BIASES} with commas: what a token gains that followed the last token once, twice, oftener; the same for the last two and three tokens. Negative ones keep a text from running in circles`,
    },
    out: { about: 'folder to write into', initial: 'export' },
  });
  command.option(
    '--header [name]',
    'also model.h, the file as a C array of this name (default name: tinylm_model)',
    false,
  );
  command
    .option('--arduino <folder>', 'instead: a sketch folder that the Arduino IDE opens and builds, model included')
    .option('--platformio <folder>', 'instead: a PlatformIO project that builds, model included')
    .addOption(
      new Option('--chip <name>', 'the board that such a folder is for').choices(Object.keys(BOARDS)).default('esp32'),
    );
  addOptions(command, ['force', 'json']);
  return command.action((path: string, options: Options) => exportFiles(context, path, options));
}

/** The model with other numbers for its cache; they are stored in as many bytes as before. */
function withCacheBias(model: QuantizedModel, values: number[] | undefined): QuantizedModel {
  if (values === undefined) return model;
  if (model.config.cache === 0)
    throw new TinyLMError(
      'export-cache',
      'the model has no cache of recent text, and --cache-bias has numbers for one',
      'train it with --cache 256, or leave --cache-bias out',
    );
  const [fracMin, fracMax] = HEAD.find(({ when }) => when === 'cache')!.frac!;
  return {
    ...model,
    tensors: model.tensors.map((tensor) =>
      tensor.name === 'cache.bias' && tensor.kind === 'fixed'
        ? { ...tensor, ...fixBiases(Float32Array.from(values), fracMax, fracMin, tensor.bytes) }
        : tensor,
    ),
  };
}

/** The file's own sampling options, changed by those that were given. */
function samplingOf(
  own: SamplingDefaults | undefined,
  { temperature, topK, repetitionPenalty }: Options,
): SamplingDefaults | undefined {
  const given = Object.entries({ temperature, topK, repetitionPenalty }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return own;
  const before = own === undefined ? {} : naturalOptions({ ...own, topP: 0, seed: 1 });
  // With the penalty off the window says nothing yet: a penalty that is asked for later finds the usual one.
  const after = samplerOptions({
    ...before,
    ...Object.fromEntries(given),
    penaltyWindow: own?.penaltyWindow || spec.SAMPLER.penaltyWindowMax,
  });
  return {
    temperature: after.temperature,
    topK: after.topK,
    penalty: after.penalty,
    penaltyWindow: after.penaltyWindow,
  };
}

async function exportFiles({ terminal }: Context, path: string, options: Options): Promise<void> {
  const { packing, out, header, force, json, arduino, platformio, chip } = options;
  const project = arduino ?? platformio;
  if (arduino !== undefined && platformio !== undefined)
    throw new UsageError('both --arduino and --platformio, expected one', 'run it twice for both');
  if (project !== undefined && header !== false)
    throw new UsageError('--header with a project, which has model.h anyway', 'leave --header out');
  const { file } = openTlm(path);
  const bytes = writeTlm({
    model: withCacheBias(file.model, options.cacheBias),
    tokenizer: file.tokenizer,
    metadata: file.metadata,
    sampling: samplingOf(file.sampling, options),
    packing,
  });
  let there: { path: string; bytes: Uint8Array }[];
  if (project === undefined) {
    const files = [{ name: 'model.tlm', bytes }, ...exportBins(readTlm(bytes), bytes)];
    if (header !== false)
      files.push({
        name: 'model.h',
        bytes: new TextEncoder().encode(await headerOf(bytes, header === true ? undefined : header)),
      });
    there = files.map((f) => ({ path: join(out, f.name), bytes: f.bytes }));
  } else {
    const files =
      arduino === undefined ? await platformioProject(bytes, chip) : await arduinoProject(project, bytes, chip);
    there = files.map((f) => ({ path: join(project, f.path), bytes: f.bytes }));
  }
  if (!force) keepOthers(there, project === undefined ? '--out' : 'folder');
  for (const folder of new Set(there.map((f) => dirname(f.path)))) makeFolder(folder);
  for (const { path: file, bytes: content } of there) writeAtomic(file, content);
  const written = there.map((f) => ({ file: f.path, bytes: f.bytes.length }));
  if (json) terminal.json({ packing, files: written });
  else terminal.out(table(written.map((f) => [f.file, `${count(f.bytes)} bytes`])));
  if (project === undefined) return;
  terminal.note(
    arduino === undefined
      ? `to build it: pio run -d ${shellWord(project)} -t upload -t monitor`
      : `open ${shellWord(written[0].file)} in the Arduino IDE, or: arduino-cli compile ${shellWord(project)}`,
  );
}
