/** The manifest with which a web page (esp-web-tools) flashes a build. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { array, is, literal, object, string } from 'valibot';
import { espWebToolsManifest } from '../device/flash/index.js';
import { TinyLMError } from '../model/errors.js';
import { writeAtomic } from '../node/files.js';
import type { Firmware } from '../board/flash-plan.js';
import { VERSION } from '../run/version.js';

const NAME = 'TinyLM';
/** What tells that a manifest is one of ours. */
const ManifestSchema = object({ name: literal(NAME), builds: array(object({ chipFamily: string() })) });

/** Whether a file is a manifest that this program wrote. */
function ours(path: string): boolean {
  try {
    return is(ManifestSchema, JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return false;
  }
}

/**
 * Writes the manifest of an ESP-IDF build: paths in it are relative to it.
 * @param folder the build folder, to which the names of the parts are relative
 * @throws TinyLMError `manifest-exists` for a file that is something else
 */
export function writeManifest(path: string, folder: string, { chip, parts }: Firmware): void {
  if (existsSync(path) && !ours(path))
    throw new TinyLMError(
      'manifest-exists',
      `${path} is there and is no manifest of TinyLM's: it is left as it is`,
      'move it away, or name another file: --manifest <path>',
    );
  const to = (name: string): string => relative(dirname(resolve(path)), resolve(folder, name)).replace(/\\/g, '/');
  writeAtomic(
    path,
    espWebToolsManifest(NAME, VERSION, [
      { chip, parts: parts.map(({ name, offset }) => ({ path: to(name), offset })) },
    ]),
  );
}
