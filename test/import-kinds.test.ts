/** Files that are taken for a checkpoint and are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignKind } from '../src/format/index.js';

const bytesOf = (text: string, length = text.length): Uint8Array => {
  const out = new Uint8Array(length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
};

test('files of other kinds are named for what they are, with the way out', () => {
  const torch = 'ctorch._utils\n_rebuild_tensor_v2\n';
  const cases: [string, RegExp, RegExp][] = [
    [
      `PK\x03\x04..gru/data.pkl\x80\x02${torch}`,
      /file of torch\.save/,
      /torch\.load\("FILE", map_location="cpu"\)\.items/,
    ],
    [
      `PK\x03\x04..ckpt/data.pkl\x80\x02}X\x10\0\0\0model_state_dict${torch}`,
      /with the weights as "model_state_dict"/,
      /\["model_state_dict"\]/,
    ],
    [`PK\x03\x04..ckpt/data.pkl\x80\x02X\x19\0\0\0pytorch-lightning_version${torch}`, /Lightning/, /\["state_dict"\]/],
    [
      `PK\x03\x04..m/data.pkl\x80\x02ctorch.nn.modules.rnn\nGRU\n`,
      /whole model/,
      /weights_only=False\)\.state_dict\(\)/,
    ],
    ['PK\x03\x04..m/data.pkl..m/code/__torch__/net.py m/constants.pkl', /TorchScript/, /torch\.jit\.load/],
    ['PK\x03\x04..emb.weight.npy', /NumPy arrays \(\.npz\)/, /np\.load/],
    ['PK\x03\x04..model.weights.h5', /Keras/, /keras\.saving/],
    ['PK\x03\x04..photos/a.jpg', /ZIP/, /unpack/],
    ['\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', /torch\.save/, /save_file/],
    ['\x80\x04\x95\x10}\x94(\x8c\x04stoi\x94}', /meta\.pkl/, /json\.dump/],
    ['\x80\x04\x95\x10}\x94', /a pickle of Python/, /save_file/],
    ['\x89HDF\r\n\x1a\n', /HDF5/, /keras/],
    ['\x08\x07\x12\x07pytorch\x1a\x052.1.0', /ONNX/, /model\.state_dict/],
    ['GGUF\x03\0\0\0', /GGUF/, /model\.state_dict/],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n', /Git LFS pointer/, /git lfs pull/],
    ['<!DOCTYPE html><html>', /web page/, /raw/],
    [
      '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}',
      /index of a checkpoint in 2 parts/,
      /load_file/,
    ],
    ['{"weight_map": {"a": "model.safetensors"}}', /one part/, /model\.safetensors/],
    ['{"model_type": "gru", "vocab_size": 256}', /config\.json/, /model\.safetensors/],
    ['\x1f\x8b\x08', /gzip/, /unpack/],
    ['\x93NUMPY', /NumPy array/, /./],
  ];
  for (const [text, what, hint] of cases) {
    const kind = foreignKind(bytesOf(text, Math.max(text.length, 64)));
    assert.match(kind?.what ?? 'nothing', what);
    assert.match(kind!.hint, hint);
  }
  // A header's length may be any number, also one that looks like a pickle's mark or a ZIP's.
  for (const length of [0x0280, 0x8b1f, 0x0302]) {
    const safetensors = bytesOf(`........{"x":1}`);
    new DataView(safetensors.buffer).setBigUint64(0, BigInt(length), true);
    assert.equal(foreignKind(safetensors), undefined);
  }
  assert.equal(foreignKind(bytesOf('Once upon a time')), undefined);
});
