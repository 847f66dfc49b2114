/**
 * The embedding and the output layer of another program's checkpoint: found by shape first, then by bias and
 * names.
 */
import { listed, MAP_HINT, refuse, shownName, shownShape, type Tensors } from './words.js';

export interface FoundEnds {
  /** Absent when the first layer reads tokens one-hot. */
  readonly embedding?: string;
  /** Absent when the embedding serves both. */
  readonly head?: string;
  readonly bias?: string;
  /** The other of two equal matrices, which is not needed. */
  readonly twin?: string;
  /** Why the two are one, for the user. */
  readonly tied?: string;
}

/** What people call the two; the last part of a name decides. `unembed` is an output layer. */
const HEAD_NAMES = [
  '\\w*head',
  'fc\\w*',
  'decoder',
  'out\\w*',
  'lin(ear)?\\w*',
  'proj\\w*',
  'classifier',
  'dense\\w*',
  'logits?',
  'h(idden)?2\\w+',
  'readout',
  'to_\\w+',
  'predict\\w*',
];
const HEAD = new RegExp(`(^|[._])(${HEAD_NAMES.join('|')})$`, 'i');
const EMBEDDING = /(^|[._])(\w*emb\w*|wte|tok\w*|encoder|lookup|input\w*|table|c2\w+|i2\w+)$/i;

const called = (name: string): 'head' | 'embedding' | undefined => {
  const [head, embedding] = [HEAD.test(stem(name)), EMBEDDING.test(stem(name))];
  if (/(^|[._])un_?emb/i.test(name) || (head && !embedding)) return 'head';
  return embedding && !head ? 'embedding' : undefined;
};
const stem = (name: string): string => name.replace(/[._](weight|w|kernel|embeddings)$/i, '');
const biasOf = (name: string): string[] => [`${stem(name)}.bias`, `${stem(name)}_bias`, `${stem(name)}.b`];

/**
 * @param left names of the tensors that are in no recurrent layer
 * @param dim what the first layer reads, `top` what the last one gives
 * @throws TinyLMError `checkpoint-shape` when they cannot be told for certain
 */
export function ends(tensors: Tensors, left: ReadonlySet<string>, dim: number, top: number): FoundEnds {
  const columns = (name: string): number | undefined => {
    const { shape } = tensors.get(name)!;
    return shape.length === 2 ? shape[1] : undefined;
  };
  const candidates = [...left].filter((name) => [dim, top].includes(columns(name)!));
  const hasBias = (name: string): boolean =>
    biasOf(name).some(
      (bias) => left.has(bias) && tensors.get(bias)!.shape.join() === String(tensors.get(name)!.shape[0]),
    );
  const isHead = (name: string): boolean =>
    columns(name) === top && (columns(name) !== dim || hasBias(name) || called(name) === 'head');
  const isEmbedding = (name: string): boolean =>
    columns(name) === dim && (columns(name) !== top || (!hasBias(name) && called(name) === 'embedding'));
  const rows = (name: string | undefined): number | undefined =>
    name === undefined ? undefined : tensors.get(name)!.shape[0];
  const heads = candidates.filter(isHead);
  const embeddings = candidates.filter(isEmbedding);
  // Where several fit, those fit better that have as many rows as the other end.
  let head =
    one(heads, 'fc.weight') ??
    one(
      heads.filter((name) => rows(name) === rows(one(embeddings, 'embed.weight'))),
      'fc.weight',
    );
  let embedding =
    one(embeddings, 'embed.weight') ??
    one(
      embeddings.filter((name) => rows(name) === rows(head)),
      'embed.weight',
    );
  // Of two that fit, one told is two told.
  const rest = candidates.filter((name) => name !== head && name !== embedding);
  if (rest.length === 1 && candidates.length === 2) {
    if (embedding === undefined && head !== undefined && columns(rest[0]) === dim) embedding = rest[0];
    else if (head === undefined && embedding !== undefined && columns(rest[0]) === top) head = rest[0];
  }
  if (dim === top && candidates.length === 1) return lone(tensors, left, candidates[0], hasBias);
  if (dim === top && candidates.length === 2 && twins(tensors, candidates)) {
    const kept = finer(tensors, candidates);
    return {
      embedding: kept,
      twin: candidates.find((name) => name !== kept),
      bias: biasFor(tensors, left, head ?? kept),
      tied: `${candidates.map(shownName).join(' and ')} are equal: one matrix serves both`,
    };
  }
  if (embedding === undefined && head !== undefined && rows(head) === dim && candidates.length === 1) {
    return { head, bias: biasFor(tensors, left, head) };
  }
  if (embedding === undefined || head === undefined) {
    const missing =
      embedding === undefined
        ? `embedding (a matrix of ${dim} columns, as the first layer reads)`
        : `output layer (a matrix of ${top} columns, as the last layer gives)`;
    refuse(
      `the checkpoint has no tensor that is for certain its ${missing}; beside its recurrent layers it has ` +
        (left.size === 0 ? 'nothing' : listed(left, tensors)),
      MAP_HINT,
    );
  }
  if (rows(embedding) !== rows(head)) {
    refuse(
      `checkpoint of another shape: ${shownName(embedding)} is ${shownShape(tensors.get(embedding)!.shape)} and ` +
        `${shownName(head)} ${shownShape(tensors.get(head)!.shape)}, expected as many rows: one for each token`,
      MAP_HINT,
    );
  }
  return { embedding, head, bias: biasFor(tensors, left, head) };
}

/** The one of them, or the one that has our name. */
const one = (names: readonly string[], ours: string): string | undefined =>
  names.includes(ours) ? ours : names.length === 1 ? names[0] : undefined;

function lone(
  tensors: Tensors,
  left: ReadonlySet<string>,
  name: string,
  hasBias: (name: string) => boolean,
): FoundEnds {
  return {
    embedding: name,
    bias: biasFor(tensors, left, name),
    ...((hasBias(name) || called(name) === 'head') && {
      tied: `${shownName(name)} is embedding and output layer at once`,
    }),
  };
}

/** Its own bias, or the only vector that there is of this length. */
function biasFor(tensors: Tensors, left: ReadonlySet<string>, head: string): string | undefined {
  const vocab = String(tensors.get(head)!.shape[0]);
  const fits = [...left].filter((name) => tensors.get(name)!.shape.join() === vocab);
  return biasOf(head).find((name) => fits.includes(name)) ?? one(fits, 'fc.bias');
}

/** Relative and absolute difference that a number keeps from what it was before it was stored in 16 bits. */
const STORED = { bf16: [2 ** -7, 0], f16: [2 ** -10, 2 ** -24], f32: [0, 0] } as const;

const view = new DataView(new ArrayBuffer(4));

/** The coarsest type that holds these numbers exactly: what they were stored as. */
function coarseness(data: Float32Array): keyof typeof STORED {
  const bits = (v: number): number => {
    view.setFloat32(0, v);
    return view.getUint32(0);
  };
  if (data.every((v) => (bits(v) & 0xffff) === 0)) return 'bf16';
  // A half has 10 bits of fraction, fewer below 2^-14, and ends at 65504.
  const half = (v: number): boolean => {
    const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(v) || 1))) - 10);
    return Math.abs(v) <= 65504 && Number.isInteger(v / unit);
  };
  return data.every(half) ? 'f16' : 'f32';
}

/** Whether two matrices are one, as far as the coarser type of the two can tell. */
function twins(tensors: Tensors, [first, second]: readonly string[]): boolean {
  const [a, b] = [tensors.get(first)!, tensors.get(second)!];
  if (a.shape.join() !== b.shape.join()) return false;
  const order = ['bf16', 'f16', 'f32'] as const;
  const coarser = order[Math.min(order.indexOf(coarseness(a.data)), order.indexOf(coarseness(b.data)))];
  const [relative, absolute] = STORED[coarser];
  return a.data.every(
    (v, i) => Math.abs(v - b.data[i]) <= relative * Math.max(Math.abs(v), Math.abs(b.data[i])) + absolute,
  );
}

/** Of two twins the one with more digits. */
const finer = (tensors: Tensors, [first, second]: readonly string[]): string =>
  coarseness(tensors.get(first)!.data) === 'f32'
    ? first
    : coarseness(tensors.get(second)!.data) === 'f32'
      ? second
      : first;
