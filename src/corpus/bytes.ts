/** A file, wherever it lies. `slice` takes byte offsets, the end exclusive (the shape of hyparquet's AsyncBuffer). */
export interface ByteFile {
  /** What it is called in errors and in `Corpus.source`; its extension is a hint where the content does not tell. */
  name: string;
  byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** A ByteFile over bytes in memory. */
export function bytesFile(name: string, bytes: Uint8Array): ByteFile {
  return {
    name,
    byteLength: bytes.length,
    // A copy through the constructor: a Buffer's own slice would share memory with its neighbours in the pool.
    slice: async (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
}
