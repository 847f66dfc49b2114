/** Fixed-point formats and their bounds (SPEC.md 1.2 and 3). They stand here once. */

/** Q of each kind of number: the integer v stands for v / 2^Q. */
export const Q = {
  /** The recurrent state h, and the outputs of sigmoid and tanh. */
  state: 15,
  /** The 8-bit hidden state that enters a product. */
  hidden: 7,
  /** What a normalisation gives, in 8 bits. */
  norm: 5,
  /** Arguments of the gates. */
  gate: 11,
  /** The residual stream. */
  stream: 11,
  /** Logits, in natural logarithm units. */
  logit: 9,
} as const;

export const ARITHMETIC_LIMITS = {
  embedFracMax: 7,
  embedFracDefault: 6,
  /** Largest magnitude of an 8-bit activation. */
  activationMax: 127,
  mantissaMax: 65535,
  /** The same where a file stores scales in a byte each. */
  byteMantissaMax: 255,
  scaleShiftMax: 40,
  /** The largest shift that the quantizer writes (SPEC.md 5). */
  scaleShiftWritten: 30,
  /** Bounds of k, the right shift of 3.1 and 3.2. */
  shiftMin: 1,
  shiftMax: 30,
  /** 127 · L · cols · max(mantissa) + 2^(k−1) must not exceed this. */
  productMax: 0x7fffffff,
  /** Largest frac of a bias or gain that is stored in bytes. */
  byteFracMax: 7,
} as const;
