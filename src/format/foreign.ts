/** Files that are taken for a checkpoint and are none of ours: told by their first bytes, with the way out. */

export interface ForeignKind {
  /** "a file of torch.save (PyTorch)" */
  readonly what: string;
  /** What to do, in a line or two. */
  readonly hint: string;
}

/** How much of a file is looked at: names in a ZIP's beginning, the header of a pickle. */
const LOOKED = 64 * 1024;

const python = (...lines: string[]): string => `in Python:\n    ${lines.join('\n    ')}`;

const torchLines = (of: string): string =>
  python(
    'import torch; from safetensors.torch import save_file',
    `save_file({k: v.clone().contiguous() for k, v in ${of}.items()}, "model.safetensors")`,
  );
const state = (key = ''): string =>
  torchLines(`torch.load("FILE", map_location="cpu"${key && ', weights_only=False'})${key}`);
const MODULE = torchLines('torch.load("FILE", map_location="cpu", weights_only=False).state_dict()');
const SCRIPT = torchLines('torch.jit.load("FILE", map_location="cpu").state_dict()');
const SOURCE = `save the model it was made from, as safetensors, ${torchLines('model.state_dict()')}`;
const NUMPY = python(
  'import numpy as np; from safetensors.numpy import save_file',
  'save_file({k: np.ascontiguousarray(v) for k, v in np.load("FILE").items()}, "model.safetensors")',
);
const KERAS = python(
  'import keras; from safetensors.numpy import save_file',
  'save_file({w.path: w.numpy() for w in keras.saving.load_model("FILE").weights}, "model.safetensors")',
);

/** What a file is that begins so, where it is known and not safetensors; text without marks of its own is not told. */
export function foreignKind(bytes: Uint8Array): ForeignKind | undefined {
  const begin = latin1(bytes.subarray(0, LOOKED));
  // The length of a safetensors header is any number: its first bytes may look like another file's mark.
  if (bytes.length >= 8 && bytes.subarray(4, 8).every((b) => b === 0) && (bytes.length === 8 || bytes[8] === 0x7b))
    return undefined;
  if (begin.startsWith('PK\x03\x04'))
    return zipKind(begin + latin1(bytes.subarray(Math.max(0, bytes.length - LOOKED))));
  if (/^\x80[\x02-\x05]/.test(begin)) return pickleKind(begin);
  if (begin.startsWith('\x89HDF\r\n\x1a\n')) return { what: 'an HDF5 file (.h5, as Keras saves)', hint: KERAS };
  if (begin.startsWith('\x93NUMPY')) return { what: 'a single NumPy array (.npy)', hint: SOURCE };
  if (/^(GGUF|lmgg|tjgg|fmgg|algg)/.test(begin)) return { what: 'a GGUF file (llama.cpp)', hint: SOURCE };
  if (begin.slice(4, 8) === 'TFL3') return { what: 'a TensorFlow Lite model', hint: SOURCE };
  if (begin.slice(4, 8) === 'ET12') return { what: 'an ExecuTorch program', hint: SOURCE };
  if (begin.startsWith('\x1f\x8b'))
    return { what: 'a gzip archive', hint: 'unpack it (gunzip or tar -xzf) and give what is in it' };
  if (
    begin.startsWith('BZh') ||
    begin.startsWith('\xfd7zXZ\0') ||
    begin.startsWith('7z\xbc\xaf') ||
    begin.startsWith('\x28\xb5\x2f\xfd')
  ) {
    return { what: 'a compressed archive', hint: 'unpack it and give what is in it' };
  }
  if (begin.slice(257, 262) === 'ustar')
    return { what: 'a tar archive', hint: 'unpack it (tar -xf) and give what is in it' };
  if (/^\x08[\x01-\x14][\x12\x3a\x1a\x42]/.test(begin)) return { what: 'an ONNX model', hint: SOURCE };
  if (begin.startsWith('version https://git-lfs.github.com/spec/')) {
    return { what: 'a Git LFS pointer, not the file itself', hint: 'fetch the file: git lfs install && git lfs pull' };
  }
  if (/^\s*<(!doctype|html|\?xml)/i.test(begin)) {
    return {
      what: 'a web page, not the file itself',
      hint: 'download it by its link to the raw file ("resolve", not "blob")',
    };
  }
  if (/^\s*\{/.test(begin) && begin.includes('"weight_map"')) return indexKind(begin);
  if (/^\s*\{/.test(begin) && /"(architectures|model_type|hidden_size|vocab_size)"/.test(begin)) {
    return {
      what: "a model's settings (config.json), without weights",
      hint: 'give the file with the weights: model.safetensors',
    };
  }
  return undefined;
}

function zipKind(text: string): ForeignKind {
  if (/constants\.pkl|\/code\/__torch__/.test(text))
    return { what: 'a TorchScript archive (torch.jit.save)', hint: SCRIPT };
  if (/data\.pkl|\.data\/|\/version/.test(text)) {
    if (text.includes('pytorch-lightning_version'))
      return { what: 'a checkpoint of PyTorch Lightning (torch.save)', hint: state('["state_dict"]') };
    return torchKind(text);
  }
  if (text.includes('.weights.h5')) return { what: 'a Keras model (.keras)', hint: KERAS };
  if (text.includes('.npy')) return { what: 'an archive of NumPy arrays (.npz)', hint: NUMPY };
  return { what: 'a ZIP archive', hint: 'unpack it and give what is in it' };
}

/** The first object of torch.save before 2020: its magic number, as a pickle. */
const OLD_TORCH = '\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.';

function pickleKind(text: string): ForeignKind {
  if (text.includes(OLD_TORCH) || text.includes('torch')) {
    return torchKind(text);
  }
  if (text.includes('stoi') || text.includes('itos')) {
    return {
      what: "a pickle of Python with a list of characters (nanoGPT's meta.pkl)",
      hint: `save the list as JSON, ${python(
        'import json, pickle',
        'json.dump(pickle.load(open("FILE", "rb"))["stoi"], open("stoi.json", "w"))',
      )}`,
    };
  }
  return { what: 'a pickle of Python', hint: SOURCE };
}

/** Keys under which training programs put the weights beside the optimizer's state. */
const NESTED = ['model_state_dict', 'state_dict', 'model_state', 'model', 'net', 'weights'];

function torchKind(text: string): ForeignKind {
  if (/torch\.nn\.modules/.test(text))
    return { what: 'a whole model of PyTorch (torch.save of a module)', hint: MODULE };
  // A key is a string of the pickle: X with four bytes of length, or one byte of it.
  const nested = NESTED.find(
    (key) =>
      text.includes(`X${String.fromCharCode(key.length)}\0\0\0${key}`) ||
      text.includes(`\x8c${String.fromCharCode(key.length)}${key}`),
  );
  return nested === undefined
    ? { what: 'a file of torch.save (PyTorch)', hint: state() }
    : { what: `a checkpoint of torch.save (PyTorch), with the weights as "${nested}"`, hint: state(`["${nested}"]`) };
}

function indexKind(text: string): ForeignKind {
  const parts = new Set([...text.matchAll(/"([^"\\]+\.safetensors)"/g)].map(([, name]) => name));
  const only = parts.size === 1 ? [...parts][0] : undefined;
  return {
    what: `an index of a checkpoint in ${parts.size === 1 ? 'one part' : `${parts.size} parts`}, without weights`,
    hint:
      only !== undefined
        ? `give the part itself: ${only}`
        : `join the parts, ${python(
            'import glob; from safetensors.torch import load_file, save_file',
            'parts = [load_file(f) for f in sorted(glob.glob("model-*.safetensors"))]',
            'save_file({k: v for part in parts for k, v in part.items()}, "model.safetensors")',
          )}`,
  };
}

const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
};
