/**
 * The firmware's parts include each other one way. A part is a .c file with its header of the same name; it may include
 * only headers of parts below it, and there is no circle. Fails with the circle. Since a call without a declaration is an
 * error to the compiler, and each header declares what its own .c file has, this holds for calls as well.
 * `npm run build && node dist/scripts/check-includes.js`; test/firmware-includes.test.ts calls `includeProblems` too.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders of the repository whose parts are looked at together. */
export const INCLUDE_FOLDERS = [['firmware/app'], ['firmware/app', 'firmware/main']];

const partOf = (file: string): string => file.replace(/\.[ch]$/, '');

/** Comments and strings away, so that what is left is code. */
const codeOf = (text: string): string => text.replace(/\/\*[^]*?\*\//g, '').replace(/"(\\.|[^"\\\n])*"/g, '""');

/** Names of functions that a .c file defines for others: at the beginning of a line, not static. */
export function definedIn(source: string): string[] {
  const found = codeOf(source).matchAll(
    /^(?!static|typedef|else|return|struct \w+ \{)[a-z][\w ]*[ *]+(\w+)\([^;{}]*\)\s*\{/gm,
  );
  return [...found].map((m) => m[1]);
}

/** What is wrong in folders of C files, in words; nothing when all is well. */
export function includeProblems(folders: readonly string[]): string[] {
  const problems: string[] = [];
  const uses = new Map<string, Set<string>>();
  const headers = new Map<string, string>();
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter((f) => /\.[ch]$/.test(f))) {
      (file.endsWith('.h') ? headers : sources).set(partOf(file), readFileSync(join(folder, file), 'utf8'));
      uses.set(partOf(file), uses.get(partOf(file)) ?? new Set());
    }
  }
  for (const [part, text] of [...headers, ...sources]) {
    for (const [, name] of text.matchAll(/^#include "(\w+)\.h"/gm)) {
      if (name !== part && headers.has(name)) uses.get(part)?.add(name);
    }
  }
  // A header with the same name is where a part says what others may call.
  for (const [part, text] of sources) {
    for (const name of definedIn(text)) {
      const own = headers.get(part);
      if (own !== undefined && new RegExp(`\\b${name}\\(`).test(codeOf(own))) continue;
      const other = [...headers].find(([p, h]) => p !== part && new RegExp(`\\b${name}\\(`).test(codeOf(h)));
      if (other) problems.push(`${name}() is in ${part}.c but declared in ${other[0]}.h; declare it in ${part}.h`);
    }
  }
  const done = new Set<string>();
  const visit = (part: string, path: readonly string[]): void => {
    if (path.includes(part)) {
      problems.push(`a circle: ${[...path.slice(path.indexOf(part)), part].join(' → ')}`);
      return;
    }
    if (done.has(part)) return;
    for (const next of uses.get(part) ?? []) visit(next, [...path, part]);
    done.add(part);
  };
  for (const part of uses.keys()) visit(part, []);
  return [...new Set(problems)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const problems = INCLUDE_FOLDERS.flatMap((folders) => includeProblems(folders.map((f) => join(root, f))));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
