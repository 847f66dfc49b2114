/** Sizes a model may have (SPEC.md 1.1). They stand here once; `src/format/constants.ts` passes them on. */
export const MODEL_LIMITS = {
  vocabMin: 2,
  vocabMax: 4096,
  dimMin: 1,
  dimMax: 2048,
  /** Width of a layer, and of the vector between two layers. */
  widthMin: 1,
  widthMax: 2048,
  layersMin: 1,
  layersMax: 16,
  ngramsMax: 4,
  ngramOrderMin: 2,
  ngramOrderMax: 4,
  ngramRowsLogMin: 4,
  ngramRowsLogMax: 20,
  ngramWidthMin: 1,
  ngramWidthMax: 64,
  cacheLogMin: 4,
  cacheLogMax: 10,
  tritsMin: 1,
  tritsMax: 3,
} as const;
