/** What text quality to expect of a size: on lines between models that were trained and measured. */

export interface Measured {
  /** Of the .tlm. */
  readonly bytes: number;
  /** Bits a byte on TinyStories, in the engine's arithmetic. */
  readonly bits: number;
}

/** A size that is so little beyond the last one measured has its quality. */
const NEAR = 1.05;

/**
 * Bits a byte on a line between neighbours, over the logarithm of the size.
 * @param points ascending by their bytes
 * @returns undefined outside of what was measured
 */
export function expectedBits(bytes: number, points: readonly Measured[]): number | undefined {
  if (points.length === 0 || bytes * NEAR < points[0].bytes || bytes > NEAR * points.at(-1)!.bytes) return undefined;
  const after = points.findIndex((point) => point.bytes >= bytes);
  const high = points.at(after)!;
  const low = points[Math.max(0, after - 1)];
  if (after < 0 || low.bytes >= high.bytes) return high.bits;
  return low.bits + (Math.log(bytes / low.bytes) / Math.log(high.bytes / low.bytes)) * (high.bits - low.bits);
}
