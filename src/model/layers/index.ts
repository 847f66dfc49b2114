/** The kinds of layers there are. A new one is a file beside this and a line here; CONTRIBUTING.md says what else. */
import type { LayerKind } from '../config.js';
import { glu } from './glu.js';
import { gru } from './gru.js';
import { mlgru } from './mlgru.js';
import type { LayerRule } from './rules.js';

export const LAYERS = { gru, mlgru, glu } satisfies Record<LayerKind, LayerRule>;
export const LAYER_KINDS = Object.keys(LAYERS) as LayerKind[];

/** The kind with a number of the file, or undefined. */
export const layerKindOf = (id: number): LayerKind | undefined => LAYER_KINDS.find((kind) => LAYERS[kind].id === id);

export { EMBEDDING, HEAD, NGRAM } from './ends.js';
export { CONDITIONS, ROLES, SIZES } from './rules.js';
export type { Condition, Initial, LayerRule, QName, Role, Signal, Size, TensorRule } from './rules.js';
