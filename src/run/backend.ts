/** Which build of the trainer's kernels a run is made with. */

/** How the trainer is to run: `auto` takes native kernels where they can be had. */
export const BACKENDS = ['auto', 'native', 'wasm', 'wasm-relaxed'] as const;
export type BackendName = (typeof BACKENDS)[number];

/**
 * What the last bits of a result depend on. Sums run over the floats of a vector first, so its width decides their
 * order; which products and sums are fused is the compiler's choice, made by its version and the processor that it builds for.
 */
export interface BackendIdentity {
  readonly name: Exclude<BackendName, 'auto'>;
  /** Floats in a vector. */
  readonly vector: number;
  /** Native: the first line of the compiler's --version. */
  readonly compiler?: string;
  /** Native: digest of all macros that the compiler defines under the flags of the build, which tell of the processor. */
  readonly target?: string;
}

/** The portable build: the same bits on every machine. */
export const WASM_IDENTITY: BackendIdentity = { name: 'wasm', vector: 4 };

/**
 * Whether two builds give the same bits. Relaxed SIMD may differ between machines that look alike; no run is made by
 * it unasked.
 */
export function sameBackend(a: BackendIdentity, b: BackendIdentity): boolean {
  return a.name === b.name && a.vector === b.vector && a.compiler === b.compiler && a.target === b.target;
}

/** A build in words. */
export function identityName({ name, vector, compiler }: BackendIdentity): string {
  if (name === 'native') return `native kernels (${compiler}, ${vector} floats a vector)`;
  return name === 'wasm' ? 'WebAssembly' : 'WebAssembly with relaxed SIMD';
}
