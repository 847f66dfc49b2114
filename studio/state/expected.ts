/** What text quality to expect of a size: between the models that the bench trained (RESULTS.md, "Quality by size"). */
import { rows } from '../../bench/results/sizes.json';

/**
 * Bits per byte on TinyStories of a model of one trit a weight, on a line between its neighbours over the logarithm of the size.
 * @param bytes of the .tlm
 * @returns undefined outside of what was measured
 */
export function expectedBits(bytes: number): number | undefined {
  const after = rows.findIndex((row) => row.bytes >= bytes);
  if (after < 0 || (after === 0 && rows[0].bytes > bytes)) return undefined;
  const [low, high] = [rows[Math.max(0, after - 1)], rows[after]];
  const share = low === high ? 0 : Math.log(bytes / low.bytes) / Math.log(high.bytes / low.bytes);
  return low.exported + share * (high.exported - low.exported);
}
