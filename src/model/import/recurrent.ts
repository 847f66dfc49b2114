/** The recurrent layers of another program's checkpoint: found by PyTorch's endings and their shapes. */
import { listed, MAP_HINT, refuse, shownName, shownShape, type Tensors } from './words.js';

/** A GRU layer: names of its tensors in the checkpoint. */
export interface FoundLayer {
  readonly ih: string;
  readonly hh: string;
  readonly biasIh?: string;
  readonly biasHh?: string;
  readonly input: number;
  readonly width: number;
}

type Part = 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh' | 'weight_hr';

/** PyTorch's GRU has weight_ih_l0, GRUCell weight_ih. */
const ENDING = /^(.*?)(weight|bias)_(ih|hh|hr)(?:_l(\d+))?(_reverse)?$/;

/** Gates of other recurrent layers: rows of weight_hh for each of its columns. */
const OTHER_CELLS: Readonly<Record<number, string>> = {
  1: 'a plain RNN (one block of rows, not three)',
  4: 'an LSTM (four gates, not three)',
};

/** Endings and parts of names that tell other kinds of models. */
const OTHER_MODELS: readonly [RegExp, string][] = [
  [/lstm/i, 'an LSTM'],
  [/(^|[._])(attn|attention|self_attn|q_proj|c_attn|qkv|wpe|mlp|transformer|h\.\d+)([._]|$)/i, 'a transformer'],
  [/(^|[._])(A_log|mixer|ssm|x_proj|dt_proj)([._]|$)/, 'a state-space model (Mamba)'],
  [/(^|[._])(time_mix\w*|time_decay|att\.\w+)([._]|$)/, 'an RWKV model'],
  [/(^|[._])conv\w*([._]|$)/i, 'a model with convolutions'],
];

const natural = new Intl.Collator('en', { numeric: true });

/**
 * The GRU layers, the one next to the embedding first, and the names of all their tensors.
 * @throws TinyLMError `checkpoint-shape` for none, other cells, two directions, projections and shapes that do not fit
 */
export function recurrentLayers(tensors: Tensors): { layers: FoundLayer[]; names: Set<string> } {
  const groups = new Map<string, Map<Part, string>>();
  const names = new Set<string>();
  for (const name of [...tensors.keys()].sort(natural.compare)) {
    const [, prefix, kind, part, layer = '', reverse] = ENDING.exec(name) ?? [];
    if (part === undefined) continue;
    if (reverse !== undefined) {
      refuse(
        `the checkpoint is bidirectional: it has ${shownName(name)}`,
        'a layer that reads the text from its end as well cannot write one; train with bidirectional=False',
      );
    }
    if (part === 'hr') {
      refuse(
        `the checkpoint has projections: ${shownName(name)} ${shownShape(tensors.get(name)!.shape)}`,
        'TinyLM has no recurrent layers with projections (proj_size); train without',
      );
    }
    names.add(name);
    const key = `${prefix}\n${layer}`;
    const group = groups.get(key) ?? new Map<Part, string>();
    groups.set(key, group.set(`${kind}_${part}` as Part, name));
  }
  if (groups.size === 0) noLayers(tensors);
  const layers = [...groups.values()].map((group) => layerOf(group, tensors));
  layers.slice(1).forEach((layer, i) => {
    if (layer.input !== layers[i].width) {
      refuse(
        `checkpoint of another shape: ${shownName(layer.ih)} reads ${layer.input} numbers, and the layer before it, ` +
          `${shownName(layers[i].ih)}, gives ${layers[i].width}`,
        MAP_HINT,
      );
    }
  });
  return { layers, names };
}

function noLayers(tensors: Tensors): never {
  const kind = OTHER_MODELS.find(([pattern]) => [...tensors.keys()].some((name) => pattern.test(name)))?.[1];
  if (kind !== undefined) {
    refuse(
      `the checkpoint is of ${kind}: it has ${listed(tensors.keys(), tensors)}`,
      'TinyLM imports GRU language models: an embedding, GRU layers and an output layer',
    );
  }
  refuse(
    tensors.size === 0
      ? 'the checkpoint has no tensors'
      : `the checkpoint has no GRU layer that can be told by its name; it has ${listed(tensors.keys(), tensors)}`,
    MAP_HINT,
  );
}

function layerOf(group: ReadonlyMap<Part, string>, tensors: Tensors): FoundLayer {
  const ih = group.get('weight_ih');
  const hh = group.get('weight_hh');
  const any = ih ?? hh ?? [...group.values()][0];
  if (ih === undefined || hh === undefined) {
    refuse(
      `the checkpoint has ${shownName(any)}, and no ${ih === undefined ? 'weight_ih' : 'weight_hh'} to go with it; ` +
        'it has ' +
        listed(tensors.keys(), tensors),
      MAP_HINT,
    );
  }
  const matrix = (name: string): readonly [number, number] => {
    const { shape } = tensors.get(name)!;
    if (shape.length !== 2) {
      refuse(`checkpoint of another shape: ${shownName(name)} is ${shownShape(shape)}, expected a matrix`, MAP_HINT);
    }
    return shape as [number, number];
  };
  const [rows, width] = matrix(hh);
  const [inputRows, input] = matrix(ih);
  if (rows !== 3 * width || inputRows !== rows) {
    const cell = rows === inputRows ? OTHER_CELLS[rows / width] : undefined;
    if (cell !== undefined) {
      refuse(
        `the checkpoint is of ${cell}: ${shownName(hh)} is ${shownShape([rows, width])}`,
        'TinyLM imports GRU layers only (torch.nn.GRU)',
      );
    }
    refuse(
      `checkpoint of another shape: ${shownName(ih)} is ${shownShape([inputRows, input])} and ${shownName(hh)} ` +
        `${shownShape([rows, width])}, expected three gates of the same sizes: (3·H, inputs) and (3·H, H)`,
      'check the sizes that the checkpoint was trained with',
    );
  }
  for (const bias of [group.get('bias_ih'), group.get('bias_hh')]) {
    const shape = bias === undefined ? undefined : tensors.get(bias)!.shape;
    if (shape !== undefined && (shape.length !== 1 || shape[0] !== rows)) {
      refuse(
        `checkpoint of another shape: ${shownName(bias!)} is ${shownShape(shape)}, expected (${rows})`,
        'check the sizes that the checkpoint was trained with',
      );
    }
  }
  return { ih, hh, biasIh: group.get('bias_ih'), biasHh: group.get('bias_hh'), input, width };
}
