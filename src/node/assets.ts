/** Files that come with the package: where they are, and how they are read. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { is, object, string } from 'valibot';
import { TinyLMError } from '../model/errors.js';

let root: string | undefined;

/** The folder of this package: the nearest one above this file whose package.json gives the command `tinylm`. */
export function packageRoot(): string {
  if (root !== undefined) return root;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && isOurs(manifest)) {
      root = folder;
      return folder;
    }
    if (dirname(folder) === folder) {
      throw new TinyLMError(
        'package-root',
        'the folder of the tinylm package was not found above its own files',
        'install the package again',
      );
    }
  }
}

/** Whether a package.json is this package's; one of another package may be anything. */
function isOurs(manifest: string): boolean {
  try {
    return is(object({ bin: object({ tinylm: string() }) }), JSON.parse(readFileSync(manifest, 'utf8')));
  } catch {
    return false;
  }
}

/** Where a WebAssembly module of `dist/wasm` stands, e.g. `engine`. */
export function wasmPath(name: string): string {
  return join(packageRoot(), 'dist', 'wasm', `${name}.wasm`);
}

/**
 * The bytes of a WebAssembly module, e.g. `engine`.
 * @throws TinyLMError `wasm-missing` when it was not built
 */
export function readWasm(name: string): Uint8Array<ArrayBuffer> {
  const path = wasmPath(name);
  if (!existsSync(path)) {
    throw new TinyLMError(
      'wasm-missing',
      `${path} does not exist`,
      'run "npm run build" (needs nothing but npm packages), or install the package again',
    );
  }
  return new Uint8Array(readFileSync(path));
}
