/** Which files of a folder are its texts. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { many, type Reading, type Said } from '../corpus/index.js';
import { RunFolder } from './run-folder.js';

export interface FoundFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** Why it is not read; undefined for one that is. */
  readonly leftOut?: string;
}

/** A file of a folder: what was read of it, or why it was left out. */
export interface FileRow {
  /** Relative to the folder. */
  readonly path: string;
  readonly documents: number;
  readonly how: string;
  /** It should have been read, and could not be. */
  readonly failed?: boolean;
}

/** A folder has no more remarks than this; the others are counted. */
const MAX_REMARKS = 12;

/** Whatever they are called in upper or lower case. */
const ABOUT = /(^|\/)(readme|licen[cs]e|copying)([-_.][^/]*)?$/i;
/** In capitals, as software and data sets have them; a story may be called notice.txt. */
const ABOUT_CAPITALS =
  /(^|\/)(NOTICE|AUTHORS|CHANGELOG|CONTRIBUTING|CITATION|SECURITY|CODE_OF_CONDUCT|CONTRIBUTORS)(\.[^/]*)?$/;
const SETTINGS =
  /(^|\/)(dataset_infos?|dataset_dict|state|package|package-lock|tsconfig|config|metadata|manifest)\.(json|ya?ml)$/i;

/** Whether a file speaks about the texts: README, LICENSE, settings. */
export const leftOutByName = (path: string): boolean =>
  ABOUT.test(path) || ABOUT_CAPITALS.test(path) || SETTINGS.test(path);

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
    if (leftOut === 'folder') files.push(...(await listFiles(root, extensions, path)));
    else files.push({ path, ...(leftOut !== undefined && { leftOut }) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function whyNot(
  root: string,
  path: string,
  entry: Dirent,
  extensions: readonly string[],
): Promise<string | undefined> {
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

/** What a data set says of itself is no text of it, unless there is nothing else. */
export function readable(files: readonly FoundFile[], all: boolean): FoundFile[] {
  const marked = files.map((f) =>
    !all && leftOutByName(f.path) ? { ...f, leftOut: 'about the texts, not one of them' } : f,
  );
  return marked.some((f) => f.leftOut === undefined) ? marked : [...files];
}

/** The extensions of the files that were found, for an error. */
export function seen(files: readonly FoundFile[]): string {
  const extensions = [...new Set(files.map(({ path }) => /\.([^./]+)$/.exec(path)?.[1] ?? '').filter((e) => e !== ''))];
  return extensions.length === 0 ? '' : `; found .${extensions.slice(0, 8).join(', .')}`;
}

/** text, UTF-8, separated by <|endoftext|> */
export function howRead({ title, encoding, field, words }: Omit<Reading, 'documents' | 'remarks'>): string {
  return [
    title,
    ...(encoding === undefined ? [] : [encoding]),
    ...(field === undefined ? [] : [`"${field}"`]),
    words,
  ].join(', ');
}

/** A message without the name of its file, which stands beside it. */
export const withoutName = (message: string, name: string): string =>
  message.replace(name, '').replace(/^[:,]?\s*/, '');

/** What was left out, then the warnings of the files, not too many of them. */
export function aboutFiles(rows: readonly FileRow[], warnings: readonly Said[]): Said[] {
  const all = [...leftOut(rows), ...warnings];
  if (all.length <= MAX_REMARKS) return all;
  return [
    ...all.slice(0, MAX_REMARKS),
    { kind: 'warning', text: `and ${many(all.length - MAX_REMARKS, 'warning')} more like these` },
  ];
}

function leftOut(rows: readonly FileRow[]): Said[] {
  const out = rows.filter(({ documents }) => documents === 0);
  if (out.length === 0) return [];
  const names = out.slice(0, 3).map(({ path, how }) => `${path} (${how.replace('left out: ', '')})`);
  if (out.length > 3) names.push('…');
  return [
    {
      kind: out.some(({ failed }) => failed) ? 'warning' : 'note',
      text: `${many(rows.length - out.length, 'file')} read, ${out.length} left out: ${names.join('; ')}`,
    },
  ];
}
