/** Builds the service worker beside the page, with the list of files that it keeps (models only once they were opened) and a digest of them as its version. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export function offline(): Plugin {
  return {
    name: 'tinylm-offline',
    apply: 'build',
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const hash = createHash('sha256');
        const built = Object.values(bundle).filter(({ fileName }) => !fileName.endsWith('.map'));
        for (const file of built) hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source);
        const still = readdirSync(here('public'));
        for (const name of still) hash.update(name).update(readFileSync(here(`public/${name}`)));
        const files = [...built.map(({ fileName }) => fileName), ...still]
          .filter((name) => name !== 'index.html' && !name.endsWith('.tlm'))
          .sort();
        const made = await build({
          entryPoints: [here('service-worker.ts')],
          bundle: true,
          write: false,
          minify: true,
          format: 'iife',
          target: 'es2022',
          define: { FILES: JSON.stringify(['./', ...files]), VERSION: JSON.stringify(hash.digest('hex').slice(0, 16)) },
        });
        this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: made.outputFiles[0].text });
      },
    },
  };
}
