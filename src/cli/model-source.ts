/** Where a model comes from: a run folder, a `.tlm` file, a checkpoint, or the name of one that comes with TinyLM. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { censusBytes } from '../corpus/index.js';
import { foreignKind, readTlm, spec, type TlmFile } from '../format/index.js';
import { shownName, TinyLMError, type FloatModel, type ImportOptions, type ModelConfig } from '../model/index.js';
import { decodeWeights, type WeightsFile } from '../run/checkpoint-file.js';
import { readBytes } from '../node/files.js';
import { RUN_FILES, RunFolder } from '../node/run-folder.js';
import { shellWord } from '../node/shell.js';
import { shippedNames, shippedPath } from '../node/shipped.js';
import { tableVocab, type TokenizerTable } from '../tokenizer/index.js';
import { exportModel, usualMethod } from '../run/export-model.js';
import { readRunRecord, type RunRecord } from '../run/run-record.js';

/** Ternary weights, ready for the engine. */
export interface TlmSource {
  readonly kind: 'tlm';
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly file: TlmFile;
}

/** Float weights. */
export interface WeightsSource {
  readonly kind: 'weights';
  readonly path: string;
  readonly file: WeightsFile;
}

export interface RunSource {
  readonly kind: 'run';
  readonly path: string;
  readonly folder: RunFolder;
  readonly record: RunRecord;
}

export type Source = TlmSource | WeightsSource | RunSource;

function isTlm(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === spec.FILE.magic;
}

/** Whether a file is text, by its beginning: the header of a checkpoint has zeros in its first bytes. */
function isText(bytes: Uint8Array): boolean {
  const { control, invalid } = censusBytes(bytes.subarray(0, 1000));
  // The last character may be cut off.
  return bytes.length > 0 && control === 0 && invalid <= 3;
}

/**
 * Where a model lies that is called so on a command line: the file or folder of that name, which wins, or a model that comes
 * with TinyLM.
 * @throws TinyLMError `model-not-found` when there is neither
 */
export function modelPath(path: string): string {
  if (existsSync(path)) return path;
  const shipped = shippedPath(path);
  if (shipped !== undefined) return shipped;
  throw new TinyLMError(
    'model-not-found',
    /^[\w-]+$/.test(path)
      ? `${path}: no such file or folder, and no model of this name comes with TinyLM; there are ${shippedNames()}`
      : `${path}: no such file or folder, expected a run folder, a .tlm file, a checkpoint or the name of a model that comes with TinyLM`,
    'tinylm models lists those; tinylm train makes a run folder of a text of yours',
  );
}

/**
 * Opens whatever holds a model: a folder is a run, or has a single `.tlm`; a file that begins as a `.tlm` or is called so is one, another
 * is a safetensors file; a name for which there is neither is one of a model that comes with TinyLM.
 * @param importing how the names and gates of another program's checkpoint are to be read
 * @throws TinyLMError `model-not-found`, and what the readers throw
 */
export function openSource(called: string, expected?: ModelConfig, importing?: ImportOptions): Source {
  const found = modelPath(called);
  const path = onlyTlm(found) ?? found;
  if (statSync(path).isDirectory()) {
    checkFolder(path);
    const folder = RunFolder.open(path);
    return { kind: 'run', path, folder, record: readRunRecord(folder.readJson('run'), folder.file('run')) };
  }
  const bytes = readBytes(path);
  return named(path, bytes, () =>
    isTlm(bytes) || (path.endsWith('.tlm') && foreignKind(bytes) === undefined)
      ? { kind: 'tlm', path, bytes, file: readTlm(bytes) }
      : { kind: 'weights', path, file: decodeWeights(bytes, path, expected, importing) },
  );
}

/** The `.tlm` of a folder that is no run and has one: of a shipped model's folder, or of what `tinylm export` wrote. */
function onlyTlm(path: string): string | undefined {
  if (!statSync(path).isDirectory() || RunFolder.is(path)) return undefined;
  const found = readdirSync(path).filter((name) => name.endsWith('.tlm'));
  return found.length === 1 ? join(path, found[0]) : undefined;
}

/** A folder that holds a checkpoint of another program, as they are downloaded. */
function checkFolder(path: string): void {
  if (RunFolder.is(path)) return;
  const found = readdirSync(path)
    .filter((name) => /\.(safetensors|pt|pth|ckpt|h5)$|^pytorch_model\.bin$/.test(name))
    .sort();
  const [best] = found.sort((a, b) => Number(b.endsWith('.safetensors')) - Number(a.endsWith('.safetensors')));
  if (best !== undefined)
    throw new TinyLMError(
      'run-not-a-run',
      `${path} is a folder with ${found.map(shownName).join(', ')}, expected a run folder, a .tlm file or a checkpoint`,
      `give the file itself: ${shellWord(join(path, best))}`,
    );
}

/** What a reader throws, with the path in front: readers know bytes only. */
function named<T>(path: string, bytes: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TinyLMError) || error.message.includes(path)) throw error;
    if (error.code === 'safetensors-kind')
      throw new TinyLMError(
        error.code,
        `${path} is ${foreignKind(bytes)!.what}, expected a run folder, a .tlm file or a ` + 'safetensors checkpoint',
        error.hint?.replaceAll('FILE', path),
      );
    if (error.code === 'safetensors' && isText(bytes))
      throw new TinyLMError(
        'model-kind',
        `${path} holds text, expected a run folder, a .tlm file or a safetensors checkpoint`,
        `tinylm train ${shellWord(path)} makes a model of it`,
      );
    throw error.code === 'safetensors'
      ? new TinyLMError(
          error.code,
          `${path}: ${error.message}`,
          'expected a run folder, a .tlm file or a safetensors checkpoint; ' +
            'a checkpoint that was cut off has to be saved or copied again',
        )
      : new TinyLMError(error.code, `${path}: ${error.message}`, error.hint);
  }
}

/** The float weights of a checkpoint or of a run (its best ones). */
export function openWeights(path: string, expected?: ModelConfig, importing?: ImportOptions): WeightsSource {
  const source = openSource(path, expected, importing);
  switch (source.kind) {
    case 'weights':
      return source;
    case 'run':
      return runWeights(source);
    case 'tlm':
      throw new TinyLMError(
        'model-ternary',
        `${path} holds ternary weights, expected the float ones they were made from`,
        `give the run folder, or its ${RUN_FILES.best}`,
      );
    default:
      return source satisfies never;
  }
}

/** The best weights of a run, or the last where there are no best yet. */
export function runWeights({ folder, record }: RunSource): WeightsSource {
  const name = (['best', 'last'] as const).find((f) => folder.has(f));
  if (name === undefined)
    throw new TinyLMError(
      'run-no-checkpoint',
      `${folder.path}: no checkpoint yet; the run ended before its first evaluation`,
      `go on with it: tinylm train --resume ${shellWord(folder.path)}`,
    );
  const path = folder.file(name);
  return { kind: 'weights', path, file: decodeWeights(readBytes(path), path, record.options.model) };
}

/**
 * A `.tlm` of any source: a run that has not been exported yet, or a checkpoint of TinyLM's own, is quantized now
 * as the end of its run would.
 */
export function openTlm(path: string): TlmSource {
  const source = openSource(path);
  switch (source.kind) {
    case 'tlm':
      return source;
    case 'run': {
      if (!source.folder.has('model')) return quantized(runWeights(source));
      const bytes = source.folder.read('model');
      const model = source.folder.file('model');
      return { kind: 'tlm', path: model, bytes, file: named(model, bytes, () => readTlm(bytes)) };
    }
    case 'weights':
      return quantized(source);
    default:
      return source satisfies never;
  }
}

function quantized({ path, file }: WeightsSource): TlmSource {
  if (!file.trained)
    throw new TinyLMError(
      'model-tokenizer',
      `${path} is a checkpoint without a tokenizer`,
      'make a .tlm of it first: tinylm quantize <checkpoint> --tokenizer-from <…>',
    );
  const { options, tokenizer } = file.trained;
  const { bytes } = exportModel(floatModel(file), tokenizer, {
    method: usualMethod(options.ternary, file.model),
    threshold: options.threshold,
    embedFrac: options.embedFrac,
  });
  return { kind: 'tlm', path, bytes, file: readTlm(bytes) };
}

export const floatModel = (file: WeightsFile): FloatModel => ({ config: file.model, tensors: file.weights });

/** @throws TinyLMError `tokenizer-mismatch` when the table is not the one for this model */
export function checkTokenizer(table: TokenizerTable, model: ModelConfig, where: string): void {
  if (tableVocab(table) !== model.vocab)
    throw new TinyLMError(
      'tokenizer-mismatch',
      `the tokenizer of ${where} has ${tableVocab(table)} tokens, the model ${model.vocab}`,
      'give the tokenizer that the model was trained with',
    );
}
