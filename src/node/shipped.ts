/** The models that come with the package, from its folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRegistry, SHIPPED_FILES, type Registry } from '../run/shipped.js';
import { TinyLMError } from '../model/errors.js';
import { packageRoot } from './assets.js';

const inModels = (path: string): string => join(packageRoot(), 'models', path);

let registry: Registry | undefined;

/** @throws TinyLMError `models-registry` */
export function readRegistry(): Registry {
  if (registry !== undefined) return registry;
  const path = inModels(SHIPPED_FILES.registry);
  if (!existsSync(path))
    throw new TinyLMError('models-registry', `${path} does not exist`, 'install the package again');
  registry = parseRegistry(readFileSync(path, 'utf8'));
  return registry;
}

/** Where a shipped model and its card lie. */
export const shippedTlm = (name: string): string => inModels(SHIPPED_FILES.tlm(name));
export const shippedCard = (name: string): string => inModels(SHIPPED_FILES.card(name));

/** The file of a model by its name; undefined for what is no name of one. */
export const shippedPath = (name: string): string | undefined =>
  readRegistry().models.some((m) => m.name === name) ? shippedTlm(name) : undefined;

/** The names, for a sentence. */
export const shippedNames = (): string =>
  readRegistry()
    .models.map(({ name }) => name)
    .join(', ');
