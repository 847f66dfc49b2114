/** Tensors that another program saved, as a model of ours: found by shape and role, whatever they are called. */
import { configOf, type FloatModel, type ModelConfig } from '../config.js';
import { parameterSpecs, validateConfig } from '../parameters.js';
import { modelOfNamed, type ShapedTensor } from '../tensors.js';
import { ends } from './ends.js';
import { gateOrder, OWN_GATES, reorderGates } from './gates.js';
import { fromKeras } from './keras.js';
import { recurrentLayers } from './recurrent.js';
import { listed, MAP_HINT, refuse, shownName, type Tensors } from './words.js';

export interface ImportOptions {
  /** Their names, or beginnings of them, to ours; `-` leaves a tensor out. */
  readonly map?: ReadonlyMap<string, string>;
  /** Order of the gates in the checkpoint; r, z, n by default, z, r, n for Keras' names. */
  readonly gates?: string;
  /** Tensors of the file that hold no floats. */
  readonly others?: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>;
}

export interface Imported extends FloatModel {
  /** What was made of the tensors, where it is not plain. */
  readonly notes: readonly string[];
}

/** Tensors that are no part of a model: averages of an optimizer, counters. */
const APART = /^(optim(izer)?|ema|scheduler)[._]|num_batches_tracked$/i;
const NOTHING = '-';

/**
 * A model of the tensors of a checkpoint from another program.
 * @throws TinyLMError `checkpoint-shape` for other kinds of models, for tensors that cannot be told or are left over,
 *   `checkpoint-value` for a number that is not finite, `model-config` for sizes that TinyLM has not
 */
export function importTensors(
  given: Tensors,
  { map = new Map(), gates, others = new Map() }: ImportOptions = {},
): Imported {
  const notes: string[] = [];
  const quantized = [...others].find(([name, { shape }]) => shape.length === 2 && !APART.test(name));
  if (quantized !== undefined) {
    refuse(
      `${shownName(quantized[0])} is stored as ${quantized[1].dtype}: integers, expected floats`,
      'TinyLM makes its own small integers of the original weights: save the model before it was quantized',
    );
  }
  const { tensors, keras } = fromKeras(renamed(given, map));
  const { layers, names } = recurrentLayers(tensors);
  const apart = [...tensors.keys()].filter((name) => APART.test(name));
  const left = new Set([...tensors.keys()].filter((name) => !names.has(name) && !apart.includes(name)));
  const { embedding, head, bias, twin, tied } = ends(tensors, left, layers[0].input, layers.at(-1)!.width);
  for (const name of [embedding, head, bias, twin]) if (name !== undefined) left.delete(name);
  if (left.size > 0) leftOver(tensors, left, layers.length);
  const unread = [...others.keys()].map(shownName);
  if (unread.length > 0) notes.push(`left out, as they hold no floats: ${unread.join(', ')}`);
  if (apart.length > 0) notes.push(`left out: ${listed(apart, tensors)}`);
  if (tied !== undefined) notes.push(tied);

  const config = configOf({
    vocab: tensors.get((embedding ?? head)!)!.shape[0],
    dim: layers[0].input,
    tied: head === undefined,
    layers: layers.map(({ width }) => ({ kind: 'gru', width })),
  });
  validateConfig(config);
  const found = new Map<string, string | undefined>([
    ['embed.weight', embedding],
    ['fc.weight', head],
    ['fc.bias', bias],
  ]);
  layers.forEach(({ ih, hh, biasIh, biasHh }, l) => {
    found.set(`rnn.weight_ih_l${l}`, ih).set(`rnn.weight_hh_l${l}`, hh);
    found.set(`rnn.bias_ih_l${l}`, biasIh).set(`rnn.bias_hh_l${l}`, biasHh);
  });
  const model = modelOfNamed(ours(tensors, found, config, notes), config);
  const order = gates === undefined ? (keras ? 'zrn' : OWN_GATES) : gateOrder(gates);
  return { ...(order === OWN_GATES ? model : reorderGates(model, order)), notes };
}

/** The tensors under our names; a bias that is not there is zero. */
function ours(
  tensors: Tensors,
  found: ReadonlyMap<string, string | undefined>,
  config: ModelConfig,
  notes: string[],
): Map<string, ShapedTensor> {
  const zeros: string[] = [];
  const moved: string[] = [];
  const named = parameterSpecs(config).map(({ name, shape, rows }): [string, ShapedTensor] => {
    const theirs = found.get(name);
    if (theirs === undefined && name === 'embed.weight') {
      notes.push('no embedding: the first layer reads tokens one-hot, so the embedding is the identity');
      return [
        name,
        { shape, data: Float32Array.from({ length: rows * rows }, (_, i) => Number(i % (rows + 1) === 0)) },
      ];
    }
    if (theirs === undefined) {
      zeros.push(name);
      return [name, { shape, data: new Float32Array(rows) }];
    }
    if (theirs !== name) moved.push(`${shownName(theirs)} as ${name}`);
    return [name, tensors.get(theirs)!];
  });
  if (moved.length > 0) notes.push(`taken: ${moved.join(', ')}`);
  if (zeros.length > 0) notes.push(`no bias in the checkpoint: zeros as ${zeros.join(', ')}`);
  return new Map(named);
}

function leftOver(tensors: Tensors, left: ReadonlySet<string>, layers: number): never {
  const kinds: readonly [RegExp, string][] = [
    [/(^|[._])(\w*norm\w*|ln\w*|bn\w*)([._]|$)/i, 'a normalisation'],
    [/(^|[._])(wpe|pos\w*)([._]|$)/i, 'positions'],
    [/(^|[._])(h_?0|h_?init\w*|init\w*|hidden)$/i, 'a learned initial state (ours begins with zeros)'],
    [/(^|[._])(attn|attention)\w*([._]|$)/i, 'attention'],
  ];
  const names = [...left];
  const kind =
    kinds.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1] ??
    (names.some((name) => tensors.get(name)!.shape.length === 2) ? 'a further linear layer (a projection)' : undefined);
  refuse(
    `checkpoint of another shape: it has ${listed(names, tensors)}, which a model of an embedding, ${layers} GRU ` +
      `layer${layers > 1 ? 's' : ''} and an output layer has not` +
      (kind === undefined ? '' : `; that looks like ${kind}`),
    'train the model without, check the sizes, or leave a tensor out that does nothing: ' +
      `--map ${shownName(names[0])}=${NOTHING}`,
  );
}

/** Renames whole names, and whole beginnings up to a point. */
function renamed(tensors: Tensors, map: ReadonlyMap<string, string>): Tensors {
  if (map.size === 0) return tensors;
  const used = new Set<string>();
  const out = new Map<string, ShapedTensor>();
  for (const [name, tensor] of tensors) {
    const theirs = map.has(name)
      ? name
      : [...map.keys()].filter((key) => name.startsWith(`${key}.`)).sort((a, b) => b.length - a.length)[0];
    const to = theirs === undefined ? name : map.get(theirs)!;
    if (theirs !== undefined) used.add(theirs);
    if (to === NOTHING || to === '') continue;
    const target = theirs === undefined || theirs === name ? to : to + name.slice(theirs.length);
    if (out.has(target)) refuse(`--map gives the name ${shownName(target)} to two tensors`, MAP_HINT);
    out.set(target, tensor);
  }
  for (const theirs of map.keys()) {
    if (!used.has(theirs)) {
      refuse(
        `--map ${shownName(theirs)}=${shownName(map.get(theirs)!)}: the checkpoint has no such tensor; it has ` +
          listed(tensors.keys(), tensors),
        MAP_HINT,
      );
    }
  }
  return out;
}
