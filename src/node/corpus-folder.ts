/** Which files of a folder are its texts. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunFolder } from './run-folder.js';

export interface FoundFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** Why it is not read; undefined for one that is. */
  readonly leftOut?: string;
}

/** Whatever they are called in upper or lower case. */
const ABOUT = /(^|\/)(readme|licen[cs]e|copying)([-_.][^/]*)?$/i;
/** In capitals, as software and data sets have them; a story may be called notice.txt. */
const ABOUT_CAPITALS = /(^|\/)(NOTICE|AUTHORS|CHANGELOG|CONTRIBUTING|CITATION|SECURITY|CODE_OF_CONDUCT|CONTRIBUTORS)(\.[^/]*)?$/;
const SETTINGS = /(^|\/)(dataset_infos?|dataset_dict|state|package|package-lock|tsconfig|config|metadata|manifest)\.(json|ya?ml)$/i;

/** Whether a file speaks about the texts: README, LICENSE, settings. */
export const leftOutByName = (path: string): boolean => ABOUT.test(path) || ABOUT_CAPITALS.test(path) || SETTINGS.test(path);

/**
 * The files of a folder and of those below it, sorted by path. Names with a dot first are not listed. A linked file
 * counts; a linked folder does not, since links can go in circles.
 * @param extensions of the files to read, in lower case
 */
export async function listFiles(root: string, extensions: readonly string[], below = ''): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, below), { withFileTypes: true });
  } catch (error) {
    if (below === '') throw error;
    return [{ path: `${below}/`, leftOut: 'cannot be read' }];
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const leftOut = await whyNot(root, path, entry, extensions);
    if (leftOut === 'folder') files.push(...await listFiles(root, extensions, path));
    else files.push({ path, ...(leftOut !== undefined && { leftOut }) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function whyNot(root: string, path: string, entry: Dirent, extensions: readonly string[]): Promise<string | undefined> {
  if (entry.isDirectory()) {
    if (entry.name === 'node_modules') return 'packages of Node';
    return RunFolder.is(join(root, path)) ? 'a run folder of tinylm' : 'folder';
  }
  const extension = /\.([^.]+)$/.exec(entry.name)?.[1].toLowerCase() ?? '';
  if (!entry.isFile()) {
    if (!entry.isSymbolicLink()) return 'no file';
    try {
      const target = await stat(join(root, path));
      if (target.isDirectory()) return 'a link to a folder';
      if (!target.isFile()) return 'no file';
    } catch {
      return 'a link to nothing';
    }
  }
  if (extensions.includes(extension)) return undefined;
  return extension === '' ? 'no extension' : `.${extension} is not asked for (--ext ${extension} reads it)`;
}
