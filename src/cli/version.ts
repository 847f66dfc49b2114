import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The version in the package's own package.json, which lies above this file, compiled or not. */
export function version(): string {
  for (const up of ['../../', '../../../']) {
    const path = fileURLToPath(new URL(`${up}package.json`, import.meta.url));
    if (existsSync(path)) return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  }
  return 'unknown';
}
