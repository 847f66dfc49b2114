/**
 * The float model in plain TypeScript, as one would write it for speed: Float32Array, nothing allocated a token. What the engine is
 * compared with in Node.
 */
import type { FloatModel } from '../src/model/index.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** out (rows) = W (rows, cols) · x + b */
function linear(W: Float32Array, b: Float32Array, x: Float32Array, out: Float32Array): void {
  const cols = x.length;
  for (let r = 0, at = 0; r < out.length; r++, at += cols) {
    let s0 = b[r];
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let c = 0;
    for (; c + 4 <= cols; c += 4) {
      s0 += W[at + c] * x[c];
      s1 += W[at + c + 1] * x[c + 1];
      s2 += W[at + c + 2] * x[c + 2];
      s3 += W[at + c + 3] * x[c + 3];
    }
    for (; c < cols; c++) s0 += W[at + c] * x[c];
    out[r] = s0 + s1 + (s2 + s3);
  }
}

/** One layer of Embedding + GRU + Linear, a token at a time. */
export function plainFloat({ config, tensors }: FloatModel): (token: number) => Float32Array {
  const {
    dim,
    layers: [{ width: hidden }],
    vocab,
    tied,
  } = config;
  const tensor = (name: string): Float32Array => tensors.get(name)!;
  const embed = tensor('embed.weight');
  const [wIh, wHh, bIh, bHh] = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => tensor(`rnn.${name}_l0`));
  const head = tensor(tied ? 'embed.weight' : 'fc.weight');
  const bias = tensor('fc.bias');
  const gx = new Float32Array(3 * hidden);
  const gh = new Float32Array(3 * hidden);
  const h = new Float32Array(hidden);
  const logits = new Float32Array(vocab);
  return (token) => {
    linear(wIh, bIh, embed.subarray(token * dim, (token + 1) * dim), gx);
    linear(wHh, bHh, h, gh);
    for (let i = 0; i < hidden; i++) {
      const r = sigmoid(gx[i] + gh[i]);
      const z = sigmoid(gx[hidden + i] + gh[hidden + i]);
      const n = Math.tanh(gx[2 * hidden + i] + r * gh[2 * hidden + i]);
      h[i] = n + z * (h[i] - n);
    }
    linear(head, bias, h, logits);
    return logits;
  };
}
