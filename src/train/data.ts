/** Documents → the lanes of tokens that the kernels read. */
import { uniformFrom } from '../model/index.js';
import type { TokenizedDocument } from './types.js';

/** A target that does not count (kernels/trainer.h). */
export const IGNORE = 0xffff;

/** Input and target tokens, (lanes, stream) each. */
export interface Lanes {
  readonly inputs: Uint16Array;
  readonly targets: Uint16Array;
  /** Segments that hold something. */
  readonly segments: number;
}

/** Tokens of one epoch: every document after an end-of-document token, and one more for each place where it begins anew. */
export function epochTokens(documents: readonly TokenizedDocument[]): number {
  return documents.reduce((sum, d) => sum + d.tokens.length + 1 + (d.begins?.used ?? 0), 0);
}

/** Some documents from all over a list that together have at most `limit` tokens (at least one), in its order. */
export function someDocuments(documents: readonly TokenizedDocument[], limit: number): TokenizedDocument[] {
  let tokens = 0;
  const taken = new Set<number>();
  for (const i of epochOrder(documents.length, 1, 0)) {
    tokens += documents[i].tokens.length + 1;
    if (tokens > limit && taken.size > 0) break;
    taken.add(i);
  }
  return documents.filter((_, i) => taken.has(i));
}

/** Random numbers of one epoch. */
const epochRandom = (seed: number, epoch: number): (() => number) =>
  uniformFrom(Math.imul(seed, 0x01000193) ^ Math.imul(epoch + 1, 0x9e3779b1));

/** Random numbers for the places at which documents begin anew in one epoch. */
export const placesRandom = (seed: number, epoch: number): (() => number) => epochRandom(seed ^ 0x5bd1e995, epoch);

/** Document order of one epoch (Fisher–Yates); depends on seed and epoch only, so that a resumed run goes on alike. */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  const random = epochRandom(seed, epoch);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Places at which a document begins anew in one epoch, in order. */
function drawn({ at, used }: NonNullable<TokenizedDocument['begins']>, random: () => number): number[] {
  const left = Array.from(at);
  for (let i = 0; i < used; i++) {
    const j = i + Math.floor(random() * (left.length - i));
    [left[i], left[j]] = [left[j], left[i]];
  }
  return left.slice(0, used).sort((a, b) => a - b);
}

/**
 * Lays an epoch out for training: the shuffled documents, each after an end-of-document token, form one stream that is cut into
 * `lanes` equal parts. Running text begins anew at some of its paragraphs, others in each epoch. What does not fill a last segment (fewer than lanes · segment tokens) is left out of this epoch.
 */
export function layOutTraining(
  documents: readonly TokenizedDocument[],
  order: Uint32Array,
  eod: number,
  lanes: number,
  segment: number,
  stream: number,
  into: { inputs: Uint16Array; targets: Uint16Array },
  random: () => number = () => 0,
): number {
  const all = new Uint16Array(epochTokens(documents) + 1);
  const next = new Uint16Array(all.length);
  let length = 0;
  for (const i of order) {
    const { tokens, begins } = documents[i];
    all[length] = eod;
    if (length > 0) next[length - 1] = eod;
    length++;
    let done = 0;
    for (const at of begins ? drawn(begins, random) : []) {
      all.set(tokens.subarray(done, at), length);
      next.set(tokens.subarray(done, at), length - 1);
      length += at - done;
      // What is expected before it is the text as it goes on.
      next[length - 1] = tokens[at];
      all[length++] = eod;
      done = at;
    }
    all.set(tokens.subarray(done), length);
    next.set(tokens.subarray(done), length - 1);
    length += tokens.length - done;
  }
  next[length - 1] = eod;
  const segments = Math.floor(length / lanes / segment);
  const perLane = segments * segment;
  for (let lane = 0; lane < lanes; lane++) {
    const from = lane * perLane;
    into.inputs.set(all.subarray(from, from + perLane), lane * stream);
    into.targets.set(next.subarray(from, from + perLane), lane * stream);
  }
  return segments;
}

/**
 * Lays documents out for measuring: whole documents are dealt to lanes, longest first to the least loaded, so that each is
 * read from its first token on; every token and the closing end-of-document token count, padding does not.
 * @returns one or more fillings of the lanes, each at most `stream` tokens a lane (a longer document continues in the same lane of
 * the next filling, with the state carried over)
 */
export function layOutEvaluation(
  documents: readonly TokenizedDocument[],
  eod: number,
  lanes: number,
  segment: number,
  stream: number,
): Lanes[] {
  const queues: number[][] = Array.from({ length: lanes }, () => []);
  const loads = new Array<number>(lanes).fill(0);
  const byLength = documents
    .map((_, i) => i)
    .sort((a, b) => documents[b].tokens.length - documents[a].tokens.length || a - b);
  for (const i of byLength) {
    const lane = loads.indexOf(Math.min(...loads));
    queues[lane].push(i);
    loads[lane] += documents[i].tokens.length + 1;
  }
  const perFilling = Math.floor(stream / segment) * segment;
  const longest = Math.max(...loads);
  const fillings: Lanes[] = [];
  const flat = queues.map((queue, lane) => {
    const inputs = new Uint16Array(loads[lane]);
    const targets = new Uint16Array(loads[lane]);
    let at = 0;
    for (const i of queue) {
      const { tokens } = documents[i];
      inputs[at] = eod;
      inputs.set(tokens, at + 1);
      targets.set(tokens, at);
      targets[at + tokens.length] = eod;
      at += tokens.length + 1;
    }
    return { inputs, targets };
  });
  for (let from = 0; from < longest; from += perFilling) {
    const inputs = new Uint16Array(lanes * stream).fill(eod);
    const targets = new Uint16Array(lanes * stream).fill(IGNORE);
    flat.forEach((lane, i) => {
      inputs.set(lane.inputs.subarray(from, from + perFilling), i * stream);
      targets.set(lane.targets.subarray(from, from + perFilling), i * stream);
    });
    const tokens = Math.min(perFilling, longest - from);
    fillings.push({ inputs, targets, segments: Math.ceil(tokens / segment) });
  }
  return fillings;
}
