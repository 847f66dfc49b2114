/** Sizes a model may have (SPEC.md 1.1). They stand here once; `src/format/constants.ts` passes them on. */
export const MODEL_LIMITS = {
  vocabMin: 2,
  vocabMax: 4096,
  dimMin: 1,
  dimMax: 2048,
  hiddenMin: 1,
  hiddenMax: 2048,
  layersMin: 1,
  layersMax: 8,
} as const;
