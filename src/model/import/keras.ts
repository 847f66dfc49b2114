/**
 * Keras' names for the same layers: `kernel` (inputs, 3·H), `recurrent_kernel` (H, 3·H), `bias` (2, 3·H) with gates
 * z, r, h; a Dense layer's `kernel` (inputs, outputs); `embeddings` (V, D). They are PyTorch's, turned by a right
 * angle.
 */
import type { ShapedTensor } from '../tensors.js';
import { refuse, shownName, type Tensors } from './words.js';

/** The tensors under PyTorch's endings, and whether there was one of Keras'. */
export function fromKeras(tensors: Tensors): { tensors: Tensors; keras: boolean } {
  const recurrent = [...tensors.keys()].filter((name) => /(^|[/.])recurrent_kernel(:0)?$/.test(name));
  if (recurrent.length === 0) return { tensors, keras: false };
  const cells = new Set(recurrent.map((name) => stemOf(name)));
  const out = new Map<string, ShapedTensor>();
  for (const [name, tensor] of tensors) {
    const stem = stemOf(name);
    const ending = name.slice(stem.length).replace(/^[/.]|:0$/g, '');
    const cell = cells.has(stem);
    const own = stem.replace(/\//g, '.');
    if (cell && ending === 'kernel') out.set(`${own}.weight_ih_l0`, turned(tensor));
    else if (cell && ending === 'recurrent_kernel') out.set(`${own}.weight_hh_l0`, turned(tensor));
    else if (cell && ending === 'bias') {
      const [two, rows] = tensor.shape;
      if (tensor.shape.length !== 2 || two !== 2) {
        refuse(
          `${shownName(name)} has one bias where two are expected: a GRU with reset_after=False multiplies by r ` +
            'before the product',
          'TinyLM, as PyTorch, multiplies after it: train with reset_after=True, which is the default',
        );
      }
      out.set(`${own}.bias_ih_l0`, { shape: [rows], data: tensor.data.slice(0, rows) });
      out.set(`${own}.bias_hh_l0`, { shape: [rows], data: tensor.data.slice(rows) });
    } else if (ending === 'kernel' && tensor.shape.length === 2) out.set(`${own}.weight`, turned(tensor));
    else if (ending === 'embeddings') out.set(`${own}.weight`, tensor);
    else out.set(`${own}.${ending}`, tensor);
  }
  return { tensors: out, keras: true };
}

const stemOf = (name: string): string => name.replace(/[/.]?[^/.]+$/, '');

function turned({ shape: [rows, cols], data }: ShapedTensor): ShapedTensor {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) out[c * rows + r] = data[r * cols + c];
  return { shape: [cols, rows], data: out };
}
