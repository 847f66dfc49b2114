/** The one version: package.json has it; every other place that states it is here, and scripts/release.ts writes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';
import { engineComponent } from '../src/node/library.js';

interface Place {
  readonly file: string;
  /** the text with another version in it; the version that it has now is `from` */
  readonly with: (text: string, from: string, to: string) => string;
}

/** A line whose version is all that changes. */
const line =
  (pattern: (version: string) => string): Place['with'] =>
  (text, from, to) => {
    const old = pattern(from);
    if (text.split(old).length !== 2) throw new Error(`expected ${JSON.stringify(old)} once`);
    return text.replace(old, pattern(to));
  };

/** The package's own entry stands first in the lock file, twice. */
const lock: Place['with'] = (text, from, to) => {
  const parsed = JSON.parse(text) as { name: string; version: string; packages: Record<string, { version: string }> };
  if (parsed.version !== from || parsed.packages[''].version !== from)
    throw new Error(`expected version ${from} twice`);
  parsed.version = to;
  parsed.packages[''].version = to;
  return `${JSON.stringify(parsed, null, 2)}\n`;
};

/** package.json first. */
export const PLACES: readonly Place[] = [
  { file: 'package.json', with: line((v) => `  "version": "${v}",\n`) },
  { file: 'package-lock.json', with: lock },
  { file: 'src/run/version.ts', with: line((v) => `VERSION = '${v}';\n`) },
  { file: 'engine/idf_component.yml', with: (_text, _from, to) => engineComponent({ version: to }) },
  { file: 'firmware/main/idf_component.yml', with: line((v) => `version: "${v}"\n`) },
  { file: 'firmware/app/fw_protocol.h', with: line((v) => `#define FW_VERSION "${v}"\n`) },
  { file: 'arduino/src/TinyLM.h', with: line((v) => `#define TINYLM_VERSION "${v}"\n`) },
  { file: 'docs/first-light.md', with: line((v) => `[TinyLM ${v}: `) },
  { file: 'docs/first-light.pt-BR.md', with: line((v) => `[TinyLM ${v}: `) },
];

/** package.json's version. @param root for tests: the repository's folder */
export function currentVersion(root: string = packageRoot()): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Each place's file with the version `to`.
 * @throws Error naming the file that does not state `from` as it should
 */
export function withVersion(to: string, from: string, root: string = packageRoot()): { file: string; text: string }[] {
  return PLACES.map(({ file, with: change }) => {
    try {
      return { file, text: change(readFileSync(join(root, file), 'utf8'), from, to) };
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  });
}
