/**
 * A set-associative cache with least-recently-used replacement that counts line accesses and fills. It models which
 * flash lines a program would have to fetch; it holds no data. The ESP32-C3's cache is 16 KB, 8 ways, 32-byte lines,
 * shared by code and data (ESP32-C3 Technical Reference Manual, "System and Memory"). Its replacement rule is not
 * documented: LRU is an assumption of this model.
 */

export interface CacheShape {
  /** capacity in bytes */
  bytes: number;
  ways: number;
  /** bytes a line, a power of two */
  line: number;
}

/** The ESP32-C3's cache. */
export const C3_CACHE: CacheShape = { bytes: 16384, ways: 8, line: 32 };

/** What the model counted. An access is one load, or one change of line by the instruction fetch. */
export interface CacheCounts {
  dataAccesses: number;
  dataMisses: number;
  fetchAccesses: number;
  fetchMisses: number;
}

export class CacheModel {
  readonly shape: CacheShape;
  readonly counts: CacheCounts = { dataAccesses: 0, dataMisses: 0, fetchAccesses: 0, fetchMisses: 0 };
  readonly #tags: Int32Array;
  readonly #lineBits: number;
  readonly #setMask: number;
  readonly #ways: number;

  constructor(shape: CacheShape = C3_CACHE) {
    const sets = shape.bytes / shape.line / shape.ways;
    if (!Number.isInteger(Math.log2(sets)) || !Number.isInteger(Math.log2(shape.line))) {
      throw new RangeError(
        `a cache of ${shape.bytes} bytes, ${shape.ways} ways and ${shape.line}-byte lines has ` +
          `${sets} sets; sets and line must be powers of two`,
      );
    }
    this.shape = shape;
    this.#ways = shape.ways;
    this.#lineBits = Math.log2(shape.line);
    this.#setMask = sets - 1;
    this.#tags = new Int32Array(sets * shape.ways).fill(-1);
  }

  /** Looks the byte at `offset` up, filling its line when absent. */
  access(offset: number, fetch: boolean): void {
    const hit = this.#touch(offset >>> this.#lineBits);
    const c = this.counts;
    if (fetch) {
      c.fetchAccesses++;
      if (!hit) c.fetchMisses++;
    } else {
      c.dataAccesses++;
      if (!hit) c.dataMisses++;
    }
  }

  /** Ways of a set are kept in order of use: the first is the most recent, the last is replaced. */
  #touch(line: number): boolean {
    const tags = this.#tags;
    const first = (line & this.#setMask) * this.#ways;
    if (tags[first] === line) return true;
    const last = first + this.#ways - 1;
    let at = first + 1;
    while (at < last && tags[at] !== line) at++;
    const hit = tags[at] === line;
    tags.copyWithin(first + 1, first, at);
    tags[first] = line;
    return hit;
  }

  /** Forgets lines and counts. */
  reset(): void {
    this.#tags.fill(-1);
    Object.assign(this.counts, { dataAccesses: 0, dataMisses: 0, fetchAccesses: 0, fetchMisses: 0 });
  }
}
