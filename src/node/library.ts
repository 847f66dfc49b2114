/**
 * The engine as a library for Arduino, PlatformIO and ESP-IDF: what is said of it, once, and the files of each package.
 * Which sources there are is read from the folders; no list of them stands anywhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLE, type LibraryFile, type SketchParts } from '../board/sketch.js';
import { packageRoot } from './assets.js';

/** What every registry is told. The version is package.json's. */
export const LIBRARY = {
  name: 'TinyLM',
  component: 'tinylm',
  appComponent: 'tinylm_app',
  author: 'the TinyLM authors',
  license: 'MIT',
  sentence: 'A tiny language model that writes text on the board itself, with integers only.',
  paragraph:
    'Runs ternary language models (.tlm) from flash on an ESP32, RP2040 or nRF52840: no network, no heap, no ' +
    'floating point. Train your own on a text file in minutes with the TinyLM command line, or use the model that is included.',
  appDescription: "TinyLM's application for a chip: line and frame protocol, sessions, model upload, HTTP handlers",
  keywords: ['language model', 'llm', 'text generation', 'gru', 'ternary', 'tinyml'],
  /** one of the nine of Arduino's Library Manager */
  category: 'Data Processing',
  /** Cores whose chips read constant data where it lies in flash; an ESP8266 would copy the model to RAM. */
  architectures: ['esp32', 'rp2040', 'mbed_rp2040', 'mbed_nano', 'nrf52'],
  platforms: ['espressif32', 'raspberrypi', 'nordicnrf52'],
  frameworks: ['arduino', 'espidf'],
  idf: '>=5.4',
} as const;

export interface PackageOptions {
  readonly version: string;
  /** where the project lives, e.g. https://github.com/owner/name; what goes to a registry needs it */
  readonly url?: string | undefined;
  /** the ESP Component Registry's namespace of both components */
  readonly namespace?: string | undefined;
}

const readText = (from: string): string => readFileSync(join(packageRoot(), from), 'utf8');
/** Links to files that a package does not have become their words. */
const withoutLinksUp = (text: string): string => text.replace(/\[([^\]]+)\]\(\.\.\/[^)]*\)/g, '$1');
const utf8 = (path: string, text: string): LibraryFile => ({ path, bytes: new TextEncoder().encode(text) });
const copy = (path: string, from: string): LibraryFile => ({
  path,
  bytes: new Uint8Array(readFileSync(join(packageRoot(), from))),
});
const names = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(packageRoot(), folder))
    .filter((f) => ending.test(f))
    .sort();
const copies = (to: string, folder: string, ending: RegExp): LibraryFile[] =>
  names(folder, ending).map((f) => copy(`${to}${f}`, `${folder}/${f}`));

/**
 * Arduino and PlatformIO compile for size. Counted under QEMU for 256 × 32 × 64: -O3 takes 6 to 7 % fewer instructions
 * a token, and 6 to 8 KB more flash.
 */
const OPTIMIZED = '#if defined(__GNUC__) && !defined(__clang__)\n#pragma GCC optimize("O3")\n#endif\n';

/** The engine, its sources flat in `to` together with the public header. */
function engineSources(to: string): LibraryFile[] {
  return [
    ...copies(to, 'engine/include', /\.h$/),
    ...copies(to, 'engine/src', /\.h$/),
    ...names('engine/src', /\.c$/).map((f) => utf8(`${to}${f}`, OPTIMIZED + readText(`engine/src/${f}`))),
  ];
}

/**
 * What a sketch needs to be compiled: the face for sketches, and the engine in a folder of its own, because
 * TinyLM.h and tinylm.h are one name on Windows and macOS.
 * @param to folder, with a slash at its end, or ''
 */
export function sketchSources(to: string): LibraryFile[] {
  return [...copies(to, 'arduino/src', /\.(h|cpp)$/), ...engineSources(`${to}engine/`)];
}

/** The example and the sources that a sketch folder is made of. */
export const sketchParts = (): SketchParts => ({
  example: readText(`arduino/examples/${EXAMPLE}/${EXAMPLE}.ino`),
  sources: sketchSources(''),
});

/** Names of the examples. */
export const exampleNames = (): string[] => names('arduino/examples', /^\w+$/);

function examples(model: string): LibraryFile[] {
  return exampleNames().flatMap((name) => {
    const files = copies(`examples/${name}/`, `arduino/examples/${name}`, /./);
    const own = files.some((f) => new TextDecoder().decode(f.bytes).includes('#include "model.h"'));
    return own ? [...files, utf8(`examples/${name}/model.h`, model)] : files;
  });
}

/** library.properties, layout 1.5. */
export function libraryProperties({ version, url }: PackageOptions): string {
  const lines = [
    ['name', LIBRARY.name],
    ['version', version],
    ['author', LIBRARY.author],
    ['maintainer', LIBRARY.author],
    ['sentence', LIBRARY.sentence],
    ['paragraph', LIBRARY.paragraph],
    ['category', LIBRARY.category],
    ...(url === undefined ? [] : [['url', url]]),
    ['architectures', LIBRARY.architectures.join(',')],
    ['includes', 'TinyLM.h'],
  ];
  return `${lines.map(([key, value]) => `${key}=${value}`).join('\n')}\n`;
}

/** library.json of PlatformIO. */
export function libraryJson({ version, url }: PackageOptions): string {
  const manifest = {
    name: LIBRARY.name,
    version,
    description: `${LIBRARY.sentence} ${LIBRARY.paragraph}`,
    keywords: LIBRARY.keywords,
    authors: [{ name: LIBRARY.author, maintainer: true }],
    license: LIBRARY.license,
    ...(url !== undefined && { homepage: url, repository: { type: 'git', url: `${url}.git` } }),
    frameworks: LIBRARY.frameworks,
    platforms: LIBRARY.platforms,
    headers: ['TinyLM.h'],
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const yamlLines = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([key, value]) => `${key}: ${value}\n`).join('');

const tags = (): string => `tags:\n${LIBRARY.keywords.map((k) => `  - ${k.replaceAll(' ', '-')}\n`).join('')}`;

function componentHead({ version, url }: PackageOptions, description: string): string {
  const where: [string, string][] =
    url === undefined
      ? []
      : [
          ['url', url],
          ['repository', `${url}.git`],
          ['issues', `${url}/issues`],
        ];
  return (
    yamlLines([
      ['version', `"${version}"`],
      ['description', JSON.stringify(description)],
      ['license', LIBRARY.license],
      ...where,
    ]) + tags()
  );
}

/** idf_component.yml of the engine; engine/idf_component.yml is this text, without a url. */
export const engineComponent = (options: PackageOptions): string =>
  `${componentHead(options, LIBRARY.sentence)}dependencies:\n  idf: "${LIBRARY.idf}"\n`;

/** idf_component.yml of the application layer. Without a namespace it is good beside the engine, for no registry. */
export function appComponent(options: PackageOptions): string {
  const { version, namespace } = options;
  const engine =
    namespace === undefined
      ? `  ${LIBRARY.component}:\n    path: ../${LIBRARY.component}\n`
      : `  ${namespace}/${LIBRARY.component}:\n    version: "==${version}"\n`;
  return (
    `${componentHead(options, LIBRARY.appDescription)}dependencies:\n  idf: "${LIBRARY.idf}"\n` +
    `${engine}    require: public\n`
  );
}

/** Files of the library for Arduino and PlatformIO: sources, examples with their model, licence, README. */
function sketchLibrary(model: string): LibraryFile[] {
  return [
    copy('LICENSE', 'LICENSE'),
    copy('README.md', 'arduino/README.md'),
    ...sketchSources('src/'),
    utf8('src/models/stories.h', model),
    ...examples(model),
  ];
}

/** The application component's CMakeLists.txt. */
const APP_CMAKE = `# TinyLM's application layer; a port gives what fw_port.h says.
file(GLOB TINYLM_APP_SOURCES \${CMAKE_CURRENT_LIST_DIR}/src/*.c)
idf_component_register(SRCS \${TINYLM_APP_SOURCES} INCLUDE_DIRS include REQUIRES ${LIBRARY.component})
target_compile_options(\${COMPONENT_LIB} PRIVATE -O2)
`;

const APP_README = `# tinylm_app

${LIBRARY.appDescription}. Portable C99 without a heap over the component \`tinylm\` (the engine): a port gives it a
clock, a byte stream and flash, as \`include/fw_port.h\` says. TinyLM's firmware in the project's repository is such a
port for ESP-IDF.
`;

/** By the folder of each package: its files, sorted by path. */
export type Packages = Readonly<Record<string, readonly LibraryFile[]>>;

/**
 * All packages.
 * @param model the text of {@link modelHeader} with the name tinylm_model
 */
export function packages(options: PackageOptions, model: string): Packages {
  const sorted = (files: LibraryFile[]): LibraryFile[] => files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    'arduino/TinyLM': sorted([
      ...sketchLibrary(model),
      utf8('library.properties', libraryProperties(options)),
      copy('keywords.txt', 'arduino/keywords.txt'),
    ]),
    'platformio/TinyLM': sorted([...sketchLibrary(model), utf8('library.json', libraryJson(options))]),
    [`idf/${LIBRARY.component}`]: sorted([
      copy('LICENSE', 'LICENSE'),
      utf8('README.md', withoutLinksUp(readText('engine/README.md'))),
      copy('CMakeLists.txt', 'engine/CMakeLists.txt'),
      utf8('idf_component.yml', engineComponent(options)),
      ...copies('include/', 'engine/include', /\.h$/),
      ...copies('src/', 'engine/src', /\.[ch]$/),
    ]),
    [`idf/${LIBRARY.appComponent}`]: sorted([
      copy('LICENSE', 'LICENSE'),
      utf8('README.md', APP_README),
      utf8('CMakeLists.txt', APP_CMAKE),
      utf8('idf_component.yml', appComponent(options)),
      ...copies('include/', 'firmware/app', /\.h$/),
      ...copies('src/', 'firmware/app', /\.c$/),
    ]),
  };
}
