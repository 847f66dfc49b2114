/**
 * Writes the packages of the engine for Arduino, PlatformIO and ESP-IDF's component registry, and CONTENTS.md, which
 * lists each package's files and sizes.
 *
 *   npm run build && node dist/scripts/packages.js [--model FILE.tlm] [--out build/packages] [--url URL]
 *                                                   [--namespace NAME] [--readme]
 *
 * --model: the model of the examples: a name or a file; without it the one that the registry of shipped models has for them.
 * --url: where the project lives; on GitHub its own address. The registries refuse a package without one; a ZIP for the
 * Arduino IDE needs none. --namespace: the owner in the component registry.
 * --readme: also writes the sizes of Hello into arduino/README.md.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openTlm } from '../src/cli/model-source.js';
import { headerOf } from '../src/cli/sketch-project.js';
import { Engine } from '../src/engine/index.js';
import { packageRoot, readWasm } from '../src/node/assets.js';
import { packages, type PackageOptions, type Packages } from '../src/node/library.js';
import { EXAMPLE_MODEL } from '../src/run/shipped.js';
import { fill } from './marked.js';
import { helloSize, SketchBuilder, TARGETS, writePackage, type TargetName } from './sketches.js';
import { currentVersion } from './versions.js';

/** What the registries take at most; Arduino's linter has 10 MB in mind. */
export const PACKAGE_LIMIT = 1_000_000;

const total = (files: Packages[string]): number => files.reduce((sum, f) => sum + f.bytes.length, 0);

/** Each package's files with their sizes, as Markdown. */
export function contents(all: Packages): string {
  const blocks = Object.entries(all).map(
    ([folder, files]) =>
      `## ${folder}: ${files.length} files, ${total(files)} bytes\n\n` +
      files.map((f) => `    ${String(f.bytes.length).padStart(7)}  ${f.path}\n`).join(''),
  );
  return `# Packages\n\n${blocks.join('\n')}`;
}

/** What Hello takes on each chip whose compiler is here, as Markdown. */
export async function helloSizes(out: string, tlm: Uint8Array): Promise<string> {
  const { memoryBytes } = await Engine.load(readWasm('engine'), tlm);
  const rows: string[] = [];
  for (const target of ['riscv', 'xtensa'] satisfies TargetName[]) {
    const { title, cxx } = TARGETS[target];
    if (spawnSync(cxx, ['--version']).error) continue;
    const library = join(out, 'arduino/TinyLM');
    const objects = mkdtempSync(join(tmpdir(), 'tinylm-hello-'));
    try {
      const { code, ram } = helloSize(new SketchBuilder(target, library, objects), library, tlm.length, memoryBytes);
      rows.push(`| ${title} | ${code} | ${tlm.length} | ${ram} + ${memoryBytes} |`);
    } finally {
      rmSync(objects, { recursive: true, force: true });
    }
  }
  if (rows.length === 0) return '';
  return (
    '\n## What the example Hello adds to an empty sketch, bytes (-Os, engine -O3; the stack left out)\n\n' +
    `| | code | model | RAM + for this model |\n| --- | ---: | ---: | ---: |\n${rows.join('\n')}\n`
  );
}

/** The address on GitHub, when this runs there. */
function githubUrl(): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? `${server}/${name}` : undefined;
}

/** Writes all packages into a folder, whose old content goes away. */
export async function writePackages(out: string, tlm: Uint8Array, options: PackageOptions): Promise<Packages> {
  const all = packages(options, await headerOf(tlm));
  rmSync(out, { recursive: true, force: true });
  for (const [folder, files] of Object.entries(all)) writePackage(join(out, folder), files);
  writeFileSync(join(out, 'CONTENTS.md'), contents(all));
  return all;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    const { values } = parseArgs({
      options: {
        model: { type: 'string' },
        out: { type: 'string' },
        url: { type: 'string' },
        namespace: { type: 'string' },
        readme: { type: 'boolean' },
      },
    });
    const root = packageRoot();
    const { bytes: tlm } = openTlm(values.model ?? EXAMPLE_MODEL);
    const out = values.out ?? join(root, 'build', 'packages');
    if (existsSync(out) && !existsSync(join(out, 'CONTENTS.md'))) {
      throw new Error(`${out} is there and is no folder of packages: choose another --out`);
    }
    const url = values.url ?? githubUrl();
    const all = await writePackages(out, tlm, { version: currentVersion(), url, namespace: values.namespace });
    const sizes = await helloSizes(out, tlm);
    appendFileSync(join(out, 'CONTENTS.md'), sizes);
    for (const [folder, files] of Object.entries(all)) {
      console.log(`packages: ${folder}, ${files.length} files, ${total(files)} bytes`);
    }
    console.log(sizes.trim());
    if (values.readme) {
      if (sizes === '') throw new Error('--readme: no compiler for a chip is here');
      const path = join(root, 'arduino/README.md');
      writeFileSync(path, fill(readFileSync(path, 'utf8'), 'sizes', sizes.trim().replace(/^## (.*)\n/, '$1:\n')));
    }
    if (url === undefined) console.log('packages: no --url: good for a ZIP, but the registries ask for one');
  } catch (error) {
    console.error(`packages: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
