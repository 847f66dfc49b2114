/**
 * Packs what a page needs and no browser can gather: the library's sources and the example, for sketch folders; and the list of
 * the models that come with TinyLM. Into dist/web.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { packageRoot } from '../src/node/assets.js';
import { sketchParts } from '../src/node/library.js';
import { readRegistry, shippedTlm } from '../src/node/shipped.js';
import { listed, shippedFigures, type ListedModel } from '../src/run/shipped.js';
import { SKETCH_EXAMPLE } from '../src/web/assets.js';

/** The bytes of dist/web/sketch.zip; the same sources give the same. */
export function sketchZip(): Uint8Array {
  const { example, sources } = sketchParts();
  const files = {
    [SKETCH_EXAMPLE]: new TextEncoder().encode(example),
    ...Object.fromEntries(sources.map(({ path, bytes }) => [path, bytes])),
  };
  return zipSync(files, { mtime: new Date(1980, 0, 1), level: 9 });
}

/** dist/web/models.json. */
export const modelList = (): ListedModel[] =>
  readRegistry().models.map((model) =>
    listed(model, shippedFigures(new Uint8Array(readFileSync(shippedTlm(model.name))))),
  );

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const folder = join(packageRoot(), 'dist', 'web');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sketch.zip'), sketchZip());
  writeFileSync(join(folder, 'models.json'), JSON.stringify(modelList()));
}
