/**
 * Files that a page needs, by the places that they have beside this source. A bundler finds these addresses and takes the files along;
 * who builds otherwise hands in tools of his own (`trainerHandlers`, `engineHandlers`, `chipHandlers`).
 */
import { unzipSync } from 'fflate';
import { prebuiltOf, type PrebuiltImage, type SketchParts } from '../board/index.js';
import { TinyLMError } from '../model/errors.js';
import { EngineModel, type ListedModel, type OpenEngine } from '../run/index.js';

async function bytesAt(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  let answer: Response;
  try {
    answer = await fetch(url);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  } catch (error) {
    throw new TinyLMError(
      'asset-missing',
      `${url.pathname.split('/').at(-1)} could not be loaded (${(error as Error).message})`,
      'reload the page; offline it works after one visit',
    );
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** Loads once; after a failure the next call tries again. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () =>
    (loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    }));
}

export const engineCode = once(async () =>
  WebAssembly.compile(await bytesAt(new URL('../../dist/wasm/engine.wasm', import.meta.url))),
);

export const openEngine: OpenEngine = async (tlm) => EngineModel.load(await engineCode(), tlm);

export const sharedTrainer = once(() => bytesAt(new URL('../../dist/wasm/trainer.wasm', import.meta.url)));
export const singleTrainer = once(() => bytesAt(new URL('../../dist/wasm/trainer-single.wasm', import.meta.url)));

export const prebuilt = once(async (): Promise<PrebuiltImage> => {
  const [image, about] = await Promise.all([
    bytesAt(new URL('../../firmware/prebuilt/esp32c3-direct.bin', import.meta.url)),
    bytesAt(new URL('../../firmware/prebuilt/esp32c3-direct.json', import.meta.url)),
  ]);
  return prebuiltOf(image, new TextDecoder().decode(about), { image: 'the firmware image', about: 'its description' });
});

/** Where scripts/build-web.ts puts the example in dist/web/sketch.zip; all else in it is a source of the library. */
export const SKETCH_EXAMPLE = 'example.ino';

export function sketchOf(zip: Uint8Array): SketchParts {
  const { [SKETCH_EXAMPLE]: example, ...sources } = unzipSync(zip);
  return {
    example: new TextDecoder().decode(example),
    sources: Object.entries(sources).map(([path, bytes]) => ({ path, bytes })),
  };
}

export const sketch = once(async () => sketchOf(await bytesAt(new URL('../../dist/web/sketch.zip', import.meta.url))));

/** The models that come with TinyLM, as scripts/build-web.ts lists them. */
export const shippedModels = once(
  async () =>
    JSON.parse(
      new TextDecoder().decode(await bytesAt(new URL('../../dist/web/models.json', import.meta.url))),
    ) as readonly ListedModel[],
);
