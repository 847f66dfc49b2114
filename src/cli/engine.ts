/** The engine that comes with the package, for the verbs. */
import { readWasm } from '../node/assets.js';
import { EngineModel, type OpenEngine } from '../run/engine-model.js';

let module: Promise<WebAssembly.Module> | undefined;

/** @throws TinyLMError `tlm-…` for a file that the engine refuses */
export const openEngine: OpenEngine = async (tlm) =>
  EngineModel.load(await (module ??= WebAssembly.compile(readWasm('engine'))), tlm);
