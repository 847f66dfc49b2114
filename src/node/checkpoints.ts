/** Checkpoints on the disk. */
import type { ModelConfig } from '../model/index.js';
import { decodeCheckpoint, decodeWeights, type WeightsFile } from '../run/checkpoint-file.js';
import type { Checkpoint } from '../train/index.js';
import { readBytes } from './files.js';

export const loadCheckpoint = (path: string): Checkpoint => decodeCheckpoint(readBytes(path), path);
export const loadWeights = (path: string, expected?: ModelConfig): WeightsFile =>
  decodeWeights(readBytes(path), path, expected);
