/** Builds the studio: `npm run build` leaves it in dist/site, which any web host can serve from any folder. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { offline } from './offline.plugin.js';
import { policy } from './policy.plugin.js';
import { shippedBytes } from './shipped.plugin.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: here('public'),
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir: here('../dist/site'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
  worker: { format: 'es' },
  plugins: [policy(), shippedBytes(), offline()],
});
