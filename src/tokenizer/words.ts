/** A set of byte strings, each with a number: words are looked up without making a JS string of them. */
export class WordSet {
  /** Words held; they are numbered 0 … size − 1 in order of arrival. */
  size = 0;
  private slots = new Int32Array(1 << 12).fill(-1);
  private hashes = new Int32Array(1 << 11);
  private starts = new Int32Array((1 << 11) + 1);
  private bytes = new Uint8Array(1 << 14);

  /** The number of the word bytes[start … end); a new one when it was not there. */
  add(bytes: Uint8Array, start: number, end: number): number {
    // FNV-1a (Fowler, Noll, Vo), 32 bits.
    let hash = 0x811c9dc5 | 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    const mask = this.slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const word = this.slots[slot];
      if (word < 0) break;
      if (this.hashes[word] === hash && this.equals(word, bytes, start, end)) return word;
    }
    return this.insert(slot, hash, bytes, start, end);
  }

  /** The bytes of a word; a view that holds until the next `add`. */
  get(word: number): Uint8Array {
    return this.bytes.subarray(this.starts[word], this.starts[word + 1]);
  }

  private equals(word: number, bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.starts[word];
    if (this.starts[word + 1] - at !== end - start) return false;
    for (let i = start; i < end; i++) if (this.bytes[at++] !== bytes[i]) return false;
    return true;
  }

  private insert(slot: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const word = this.size++;
    const at = this.starts[word];
    if (at + end - start > this.bytes.length) {
      this.bytes = grown(this.bytes, new Uint8Array(this.bytes.length * 2 + end - start));
    }
    this.bytes.set(bytes.subarray(start, end), at);
    if (this.size >= this.hashes.length) {
      this.hashes = grown(this.hashes, new Int32Array(this.hashes.length * 2));
      this.starts = grown(this.starts, new Int32Array(this.hashes.length + 1));
    }
    this.hashes[word] = hash;
    this.starts[word + 1] = at + end - start;
    this.slots[slot] = word;
    if (this.size * 2 > this.slots.length) this.rehash();
    return word;
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    for (let word = 0; word < this.size; word++) {
      let slot = (this.hashes[word] ^ (this.hashes[word] >>> 15)) & mask;
      while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = word;
    }
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
