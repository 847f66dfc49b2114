/** What a configuration consists of: its parts, and their tensors in the order of SPEC.md 1.2. */
import {
  configOf,
  TRIT_GROUPS,
  TRITS,
  type LayerKind,
  type ModelConfig,
  type Trits,
  type TritGroup,
} from './config.js';
import { TinyLMError } from './errors.js';
import {
  EMBEDDING,
  HEAD,
  LAYER_KINDS,
  LAYERS,
  NGRAM,
  type Condition,
  type Signal,
  type Size,
  type TensorRule,
} from './layers/index.js';
import { MODEL_LIMITS as LIMITS } from './limits.js';

/** The default: 43,648 parameters, 174,592 bytes as floats, about 13 KB as a `.tlm`. */
export function defaultConfig(): ModelConfig {
  return configOf({ vocab: 256, dim: 32, hidden: 64 });
}

/** A tensor of a model. */
export interface ParameterSpec {
  /** PyTorch's, e.g. `rnn.weight_ih_l0`. */
  readonly name: string;
  /** Rows first; a bias or gain has the shape [n]. */
  readonly shape: readonly number[];
  /** Weights are made ternary; biases and gains stay numbers. */
  readonly kind: 'weight' | 'bias';
  /** Position of its layer in the stack, or number of its table; 0 otherwise. */
  readonly layer: number;
  readonly rule: TensorRule;
  readonly rows: number;
  readonly cols: number;
  /** Rows that a version 2 file stores of it; 0 where it is part of another tensor. */
  readonly stored: number;
  /** Digits a weight; 0 for a bias or gain. */
  readonly trits: Trits | 0;
  /** Products that it takes part in: formats of the activations that go in and of what comes out. */
  readonly uses: readonly { readonly from: Signal['q']; readonly to: NonNullable<TensorRule['to']> }[];
  /** Whether rows of it are looked up (SPEC.md 3.1). */
  readonly looked: boolean;
  /** Whether one scale serves all its rows: they are in units of it, and it is a parameter of its own. */
  readonly oneScale: boolean;
}

/** A layer where it stands. */
export interface PlacedLayer {
  readonly kind: LayerKind;
  readonly width: number;
  readonly input: Signal;
  readonly output: Signal;
  readonly tensors: readonly ParameterSpec[];
}

/** A model's parts in the order in which a token goes through them. */
export interface Stack {
  readonly sources: readonly ParameterSpec[];
  readonly layers: readonly PlacedLayer[];
  readonly head: { readonly input: Signal; readonly tensors: readonly ParameterSpec[] };
}

/** Width of what the sources give together. */
export const inputWidth = ({ dim, ngrams }: Pick<ModelConfig, 'dim' | 'ngrams'>): number =>
  ngrams.reduce((sum, { width }) => sum + width, dim);

/** The parts of a model. The configuration must be valid. */
export function stackOf(config: ModelConfig): Stack {
  const { vocab, dim, ngrams, tied, cache, trits } = config;
  const spec = (
    rule: TensorRule,
    suffix: string,
    layer: number,
    sizes: Readonly<Partial<Record<Size, number>>>,
    input?: Signal,
  ): ParameterSpec => {
    const of = (size: Size): number => (size === 'one' ? 1 : sizes[size]!);
    const [times, size] = rule.rows;
    const rows = times * of(size);
    const cols = of(rule.cols);
    const weight = rule.role === 'lookup' || rule.role === 'product';
    const from = rule.from === 'input' ? input!.q : rule.from;
    return {
      name: rule.name + suffix,
      shape: weight ? [rows, cols] : [rows],
      kind: weight ? 'weight' : 'bias',
      layer,
      rule,
      rows,
      cols,
      stored: rule.stored === undefined ? rows : (rows / times) * rule.stored,
      trits: rule.group ? trits[rule.group] : 0,
      uses: from !== undefined && rule.to !== undefined ? [{ from, to: rule.to }] : [],
      looked: rule.role === 'lookup',
      oneScale: rule === NGRAM[0],
    };
  };
  const there =
    (input: Signal) =>
    ({ when }: TensorRule): boolean =>
      (
        ({ always: true, stream: input.form === 'stream', untied: !tied, cache: cache > 0 }) satisfies Record<
          Condition,
          boolean
        >
      )[when];

  const embedding = spec(EMBEDDING, '', 0, { vocab, dim });
  let signal: Signal = { form: 'i8', width: inputWidth(config), q: 'embed' };
  const layers = config.layers.map(({ kind, width }, l): PlacedLayer => {
    const rule = LAYERS[kind];
    // A stream is normed before it enters a product; its format there is `norm`.
    const input: Signal = rule.stream ? { form: 'stream', width: signal.width, q: 'norm' } : signal;
    const output: Signal = rule.stream ? input : { form: 'i8', width, q: 'hidden' };
    signal = output;
    return {
      kind,
      width,
      input,
      output,
      tensors: rule.tensors.filter(there(input)).map((t) => spec(t, `_l${l}`, l, { width, input: input.width }, input)),
    };
  });
  const head = HEAD.filter(there(signal)).map((rule) => spec(rule, '', 0, { vocab, input: signal.width }, signal));
  const tables = ngrams.flatMap(({ rows, width }, i) => NGRAM.map((rule) => spec(rule, `_${i}`, i, { rows, width })));
  const shared = tied ? { ...embedding, uses: [{ from: signal.q, to: 'logit' as const }] } : embedding;
  return { sources: [shared, ...tables], layers, head: { input: signal, tensors: head } };
}

/** The tensors of a model, in the order of SPEC.md 1.2. */
export function parameterSpecs(config: ModelConfig): ParameterSpec[] {
  const { sources, layers, head } = stackOf(config);
  return [...sources, ...layers.flatMap(({ tensors }) => tensors), ...head.tensors];
}

/** @throws TinyLMError `model-config` naming the size, its range, or what contradicts what */
export function validateConfig(config: ModelConfig): void {
  const fail = (message: string, hint: string): never => {
    throw new TinyLMError('model-config', message, hint);
  };
  const whole = (name: string, value: number, min: number, max: number): void => {
    if (!Number.isInteger(value) || value < min || value > max)
      fail(`${name} is ${value}, expected a whole number from ${min} to ${max}`, `choose another ${name}`);
  };
  whole('vocab', config.vocab, LIMITS.vocabMin, LIMITS.vocabMax);
  whole('dim', config.dim, LIMITS.dimMin, LIMITS.dimMax);
  whole('the number of layers', config.layers.length, LIMITS.layersMin, LIMITS.layersMax);
  for (const [l, { kind, width }] of config.layers.entries()) {
    if (!LAYER_KINDS.includes(kind))
      fail(
        `layer ${l} is of the kind "${String(kind)}", expected one of ${LAYER_KINDS.join(', ')}`,
        'choose one of these',
      );
    whole(`the width of layer ${l} (${kind})`, width, LIMITS.widthMin, LIMITS.widthMax);
  }
  whole('the number of n-gram tables', config.ngrams.length, 0, LIMITS.ngramsMax);
  for (const { order, rows, width } of config.ngrams) {
    whole('the order of an n-gram table', order, LIMITS.ngramOrderMin, LIMITS.ngramOrderMax);
    whole('the width of an n-gram table', width, LIMITS.ngramWidthMin, LIMITS.ngramWidthMax);
    const log = Math.log2(rows);
    if (!Number.isInteger(log) || log < LIMITS.ngramRowsLogMin || log > LIMITS.ngramRowsLogMax)
      fail(
        `an n-gram table of ${rows} rows, expected a power of two from ${2 ** LIMITS.ngramRowsLogMin} to ${2 ** LIMITS.ngramRowsLogMax}`,
        `choose ${2 ** Math.max(LIMITS.ngramRowsLogMin, Math.min(LIMITS.ngramRowsLogMax, Math.round(log) || 13))} rows`,
      );
  }
  whole(
    'the width of what the sources give (dim and n-gram tables)',
    inputWidth(config),
    LIMITS.widthMin,
    LIMITS.widthMax,
  );
  const { cache } = config;
  if (
    cache !== 0 &&
    (!Number.isInteger(Math.log2(cache)) || cache < 2 ** LIMITS.cacheLogMin || cache > 2 ** LIMITS.cacheLogMax)
  )
    fail(
      `a cache of ${cache} tokens, expected 0 or a power of two from ${2 ** LIMITS.cacheLogMin} to ${2 ** LIMITS.cacheLogMax}`,
      'choose 256, or 0 for none',
    );
  for (const group of TRIT_GROUPS) {
    if (!TRITS.includes(config.trits[group]))
      fail(`${String(config.trits[group])} trits for ${group}, expected ${TRITS.join(', ')}`, 'choose one of these');
  }
  const { head } = stackOf(config);
  if (config.tied && config.dim !== head.input.width)
    fail(
      `a tied embedding with dim ${config.dim} and a last layer that gives ${head.input.width}, expected both equal`,
      'make dim and hidden equal, or do not tie the embedding',
    );
}

/** Numbers in a tensor of this shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Trained numbers of a model; a tied embedding counts once. */
export function parameterCount(config: ModelConfig): number {
  return parameterSpecs(config).reduce((sum, spec) => sum + elementCount(spec.shape), 0);
}

/** Ternary weights of a model, and their digits. */
export function weightCount(config: ModelConfig): { weights: number; digits: number } {
  const weights = parameterSpecs(config).filter(({ kind }) => kind === 'weight');
  const sum = (of: (spec: ParameterSpec) => number): number => weights.reduce((n, spec) => n + of(spec), 0);
  return { weights: sum((s) => elementCount(s.shape)), digits: sum((s) => elementCount(s.shape) * s.trits) };
}

/** Numbers of 16 bits that a model keeps from token to token: the states of its layers, one after the other. */
export function stateWidths(config: ModelConfig): number[] {
  return config.layers.map(({ kind, width }) => LAYERS[kind].state * width);
}

/** A stack in a few words, e.g. "GRU 64", "2 × GRU 64", "MLGRU 128, GLU 256, GRU 96". */
export function describeLayers({ layers }: ModelConfig): string {
  const words: { text: string; times: number }[] = [];
  for (const { kind, width } of layers) {
    const text = `${LAYERS[kind].title} ${width}`;
    const last = words.at(-1);
    if (last?.text === text) last.times++;
    else words.push({ text, times: 1 });
  }
  return words.map(({ text, times }) => (times > 1 ? `${times} × ${text}` : text)).join(', ');
}

/** Trits in a few words: "1 trit", "2 trits", "embed 2, ih 2, hh 1, head 2 trits"; groups without a tensor are left out. */
export function describeTrits(config: ModelConfig): string {
  const groups = new Map<TritGroup, Trits>();
  for (const { rule, trits } of parameterSpecs(config)) if (rule.group && trits !== 0) groups.set(rule.group, trits);
  const values = new Set(groups.values());
  if (values.size === 1) return [...values][0] === 1 ? '1 trit' : `${[...values][0]} trits`;
  return `${[...groups].map(([group, n]) => `${group} ${n}`).join(', ')} trits`;
}
