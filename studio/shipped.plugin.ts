/** `virtual:shipped-bytes`: how large the models in models/ are, by their names; the page says it before it loads one. */
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const NAME = 'virtual:shipped-bytes';
const folder = fileURLToPath(new URL('../models/', import.meta.url));

export function shippedBytes(): Plugin {
  return {
    name: 'tinylm-shipped-bytes',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const bytes = readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => [name, statSync(`${folder}${name}/${name}.tlm`).size] as const);
      return `export default ${JSON.stringify(Object.fromEntries(bytes))};`;
    },
  };
}
