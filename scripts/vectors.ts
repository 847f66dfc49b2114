/** The model files of vectors/: one list, so that no test knows fewer versions of the format than another. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';

export const VECTORS = join(packageRoot(), 'vectors');
export const VERSIONS: readonly string[] = readdirSync(VECTORS)
  .filter((name) => /^v\d+$/.test(name))
  .sort();

/** Names of the good files, from `VECTORS` on, without their ending: "v1/bpe-33" … */
export const vectorNames: readonly string[] = VERSIONS.flatMap((version) =>
  readdirSync(join(VECTORS, version))
    .filter((name) => name.endsWith('.tlm'))
    .sort()
    .map((name) => `${version}/${name.slice(0, -4)}`),
);

export const vectorPath = (name: string): string => join(VECTORS, `${name}.tlm`);
export const vectorBytes = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(vectorPath(name)));
