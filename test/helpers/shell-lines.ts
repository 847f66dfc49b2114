/**
 * The shell lines of a page, done one after the other in a folder of their own, as a reader would. What cannot be done
 * in a test is done shorter, or in its place something that shows as much; each such rule says what and why. A line for
 * which there is no rule and that does not run fails.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { writeSafetensors } from '../../src/format/index.js';
import { packageRoot } from '../../src/node/assets.js';
import { readPrebuilt } from '../../src/node/prebuilt.js';
import { startDevice, SMALL, type Device } from '../firmware-support.js';
import { board, ended } from './board.js';
import { spawned, start, type Running } from './cli.js';
import { modelOf, modules, renamed } from './import-models.js';

const ROOT = packageRoot();

/** The lines of a page's `sh` blocks, without comments and empty ones. */
export function shellLines(markdown: string): string[] {
  return [...markdown.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)]
    .flatMap(([, block]) => block.split('\n'))
    .map((line) => line.replace(/(^|\s+)# .*$/, '').trim())
    .filter((line) => line !== '');
}

/** A command line in words, as a shell cuts it; the lines of the pages have no more than quotes. */
function wordsOf(command: string): string[] {
  const found = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return found.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_, a?: string, b?: string) => a ?? b ?? ''));
}

const text = 'The cat sat on the mat. The dog ran to the cat.\n'.repeat(60);
const records = (make: (line: string) => object): string =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => `${JSON.stringify(make(line))}\n`)
    .join('');

/** Files that the pages take for granted: a text, some records, what PyTorch saved. */
const FILES: Readonly<Record<string, (command: string) => string | Uint8Array>> = {
  'my-text.txt': () => text,
  'meu-texto.txt': () => text,
  'data.jsonl': () => records((line) => ({ story: line, title: line.slice(0, 7) })),
  'chats.jsonl': () =>
    records((content) => ({
      messages: [
        { role: 'user', content },
        { role: 'bot', content },
      ],
    })),
  'faq.csv': () => `question,answer\n${'Where is the cat?,The cat sat on the mat.\n'.repeat(40)}`,
  'stoi.json': () => JSON.stringify(Object.fromEntries([...new Set(text)].map((c, i) => [c, i]))),
  'gru.safetensors': (command) => {
    const mapped = command.includes('--map');
    const model = modelOf({ vocab: mapped ? 256 : new Set(text).size, dim: 8, hidden: 16, layers: 1 });
    return writeSafetensors(renamed(model, mapped ? modules('x', 'y', 'z') : (name) => name), {});
  },
};

/** The folder `run` after `npm start`. */
let demoRun: string | undefined;

/** What of ESP-IDF's idf.py the pages use. */
const IDF_ACTIONS = ['set-target', 'build', 'flash', 'monitor'];
const IDF_TARGETS = ['esp32', 'esp32s3', 'esp32c3'];

export class Reader {
  #cwd: string;
  /** the virtual board with a cable, and the device in the network */
  #board: { running: Running; option: string[] } | undefined;
  #device: Device | undefined;

  /** @param folder where it begins; empty */
  constructor(folder: string) {
    this.#cwd = folder;
  }

  /** Does a line: its commands, as far as the first that fails. @throws AssertionError with what it said */
  async does(line: string): Promise<void> {
    for (const command of line.split(' && ')) await this.#one(command.trim());
  }

  async ends(): Promise<void> {
    if (this.#board) await ended(this.#board.running);
    await this.#device?.stop();
  }

  async #one(command: string): Promise<void> {
    const [program, ...words] = wordsOf(command.replace(/^\w+=\w+ /, ''));
    if (program === 'cd') this.#cwd = resolve(this.#cwd, words[0]);
    else if (program === 'tinylm') await this.#tinylm(command, words);
    else if (program === 'git') this.#git(words);
    else if (program === 'npm') await this.#npm(words);
    else if (program === 'node') this.#node(words);
    // A server for those who work on the page: that it is installed, and that its configuration is there.
    else if (program === 'npx') {
      assert.ok(existsSync(join(ROOT, 'node_modules/.bin', words[0])), command);
      assert.ok(existsSync(join(ROOT, words[words.indexOf('--config') + 1])), command);
    } else if (program === 'make') this.#runs(['make', '-n', ...words], ROOT);
    else if (program === 'idf.py') this.#idf(words);
    else if (program === 'curl') await this.#curl(words);
    // It changes the computer: only its form is looked at.
    else if (program === 'sudo') assert.deepEqual(words, ['usermod', '-aG', 'dialout', '$USER'], command);
    else assert.fail(`no rule for ${command}`);
  }

  #runs([program, ...words]: string[], cwd = this.#cwd): string {
    const run = spawnSync(program, words, { cwd, encoding: 'utf8' });
    assert.equal(run.status, 0, `${program} ${words.join(' ')}: ${run.error?.message ?? run.stderr}`);
    return run.stdout;
  }

  /** `git clone` takes the repository here. Dependencies and what is built are linked into the copy. */
  #git(words: readonly string[]): void {
    assert.equal(words[0], 'clone');
    assert.match(words[1], /^https:\/\/github\.com\/[\w-]+\/tinylm$/);
    const copy = join(this.#cwd, 'tinylm');
    if (existsSync(join(ROOT, '.git'))) this.#runs(['git', 'clone', '-q', ROOT, 'tinylm']);
    else {
      // The tests may run from an archive, where there is nothing to clone.
      mkdirSync(copy);
      for (const name of ['package.json', 'package-lock.json', 'bin', 'firmware'])
        symlinkSync(join(ROOT, name), join(copy, name));
    }
    for (const name of ['node_modules', 'dist']) symlinkSync(join(ROOT, name), join(copy, name));
  }

  /**
   * npm would install what is installed, build what is built and run these tests: that the command is one, and that
   * package.json has the script, is looked at. `npm start` is run with one epoch instead of 60.
   */
  async #npm(words: readonly string[]): Promise<void> {
    const folder = existsSync(join(this.#cwd, 'package.json')) ? this.#cwd : ROOT;
    const read = (name: string) =>
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        name: string;
        version: string;
        bin: object;
        scripts: Record<string, string>;
      };
    const manifest = read('package.json');
    const [verb, script] = words;
    if (verb === 'ci') {
      const lock = read('package-lock.json');
      assert.deepEqual([lock.name, lock.version], [manifest.name, manifest.version]);
    } else if (verb === 'link') assert.ok('tinylm' in manifest.bin);
    else if (verb === 'start') {
      const [program, main, demo] = manifest.scripts['start'].split(' ');
      assert.deepEqual([program, demo], ['node', 'demo']);
      // Made once: the pages of both languages begin with it.
      if (demoRun === undefined) {
        this.#runs([process.execPath, main, demo, '--epochs', '1', '--backend', 'wasm']);
        demoRun = mkdtempSync(join(tmpdir(), 'tinylm-demo-'));
        process.on('exit', () => rmSync(demoRun!, { recursive: true, force: true }));
        cpSync(join(this.#cwd, 'run'), demoRun, { recursive: true });
      } else cpSync(demoRun, join(this.#cwd, 'run'), { recursive: true });
    } else assert.ok(manifest.scripts[verb === 'run' ? script : verb] !== undefined, `npm ${words.join(' ')}`);
  }

  /** Scripts of the repository have tests of their own: that they are there, and that a word names a test file. */
  #node([path, ...words]: string[]): void {
    const source = path.replace(/^dist\//, '').replace(/\.js$/, '.ts');
    assert.ok(existsSync(join(ROOT, source)), path);
    if (source !== 'scripts/test.ts') return;
    const tests = readdirSync(join(ROOT, 'test'));
    for (const word of words)
      assert.ok(
        tests.some((name) => name.endsWith('.test.ts') && name.includes(word)),
        `${path} ${word}`,
      );
  }

  /** ESP-IDF takes gigabytes: that its words are right, and that what they name is there. A build is the prebuilt image's. */
  #idf(words: readonly string[]): void {
    // The page of the first board says "in this repository's firmware".
    const project = existsSync(join(this.#cwd, 'CMakeLists.txt')) ? this.#cwd : join(ROOT, 'firmware');
    const cmake = readFileSync(join(project, 'CMakeLists.txt'), 'utf8');
    assert.match(cmake, /project\(/);
    for (let i = 0; i < words.length; i++) {
      const [, variable] = /^-D(\w+)=/.exec(words[i]) ?? [];
      if (variable !== undefined) {
        const known = ['CMakeLists.txt', 'main/CMakeLists.txt'].some((f) =>
          readFileSync(join(ROOT, 'firmware', f), 'utf8').includes(variable),
        );
        assert.ok(known, `${variable} means nothing to the project`);
      } else assert.ok(IDF_ACTIONS.includes(words[i]), words[i]);
      if (words[i] === 'set-target') assert.ok(IDF_TARGETS.includes(words[++i]), words[i]);
    }
    if (words.includes('build') && project !== join(ROOT, 'firmware')) this.#buildFolder(join(project, 'build'));
  }

  #buildFolder(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const { image, about } = readPrebuilt();
    const files = about.parts.map(({ name, offset, bytes }) => {
      const file = `${name.replace(/\W/g, '-')}.bin`;
      writeFileSync(join(folder, file), image.subarray(offset, offset + bytes));
      return [`0x${offset.toString(16)}`, file];
    });
    const args = { flash_files: Object.fromEntries(files), extra_esptool_args: { chip: 'esp32c3' } };
    writeFileSync(join(folder, 'flasher_args.json'), JSON.stringify(args));
  }

  /** The device in the network is the firmware as a program for Linux, with HTTP. */
  async #network(): Promise<Device> {
    this.#device ??= await startDevice(['--model', SMALL], ['tcp', 'http', 'pty']);
    return this.#device;
  }

  async #curl(words: readonly string[]): Promise<void> {
    const { http } = await this.#network();
    const out = this.#runs(['curl', '-sS', '--fail', '--connect-to', `tinylm.local:80:127.0.0.1:${http}`, ...words]);
    assert.match(out, /data: \[DONE\]/);
  }

  /** As it stands, but for what is said at each `if`. */
  async #tinylm(command: string, given: readonly string[]): Promise<void> {
    for (const [file, make] of Object.entries(FILES)) {
      if (given.includes(file)) writeFileSync(join(this.#cwd, file), make(command));
    }
    let words = [...given];
    let stdin = '';
    const [verb] = words;
    // Training: once through the text, by WebAssembly, so that no compiler is needed.
    if (verb === 'train' && !words.includes('--resume')) words = shortened(words);
    // The float models above were never trained; what the import finds amiss with them is right.
    if (verb === 'quantize') words.push('--force');
    // Replacing a board's firmware is asked about.
    if (verb === 'flash' && !words.includes('--yes')) words.push('--yes');
    // Conversations: one line is typed.
    if ((verb === 'chat' || verb === 'simulate') && !words.includes('--prompt') && !words.includes('--pty'))
      stdin = 'Once\n';
    // Password and token are typed.
    if (verb === 'wifi') stdin = 'correct horse\nsesame-open\n';
    // The Studio is served until it is stopped; no browser is opened.
    if (verb === 'studio') {
      const running = start(
        [...words, '--no-open', ...(words.includes('--port') ? [] : ['--port', '0'])],
        '',
        {},
        this.#cwd,
      );
      await running.seen(/Ctrl-C ends it/);
      running.process.kill('SIGINT');
      await running.result;
      return;
    }
    // A virtual board at a port: behind TCP, as pseudo-terminals need socat. It is there until the page ends.
    if (words.includes('--pty')) {
      this.#board = await board(['--tcp', '0']);
      return;
    }
    // A board is the virtual one, whatever its port is called; one in the network, and wifi, is the program for Linux.
    if (['flash', 'chat', 'wifi'].includes(verb)) {
      const network = verb === 'wifi' || words.includes('--host');
      for (const option of ['--port', '--host']) {
        if (words.includes(option)) words.splice(words.indexOf(option), 2);
      }
      // A token is taken over a cable only; and the program for Linux is not started again by anyone.
      if (verb === 'wifi') words.push('--no-restart', '--port', (await this.#network()).pty);
      else if (network) words.push('--host', `tcp://127.0.0.1:${(await this.#network()).tcp}`);
      else {
        this.#board ??= await board(['--tcp', '0']);
        words.push(...this.#board.option);
      }
    }
    const { code, out, err } = await spawned(words, stdin, {}, this.#cwd);
    assert.equal(code, 0, `${command}\nas tinylm ${words.join(' ')} in ${relative('/', this.#cwd)}\n${err}`);
    if (['generate', 'chat', 'simulate'].includes(verb)) assert.ok(out.trim() !== '', command);
  }
}

function shortened(words: readonly string[]): string[] {
  const at = words.indexOf('--epochs');
  const without = at < 0 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
  return [...without, '--epochs', '1', '--backend', 'wasm'];
}
