/**
 * Records what a newcomer sees, at a real terminal (a pseudo-terminal made by socat), into docs/.
 *
 *   node dist/scripts/record.js chat run/demo     docs/chat.svg: a chat with the virtual chip
 *   node dist/scripts/record.js session           docs/first-ten-minutes.md: from git clone to that chat, as committed
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';
import { picture, record, textOf, WINDOW, type Key, type Line, type Recorded } from './recording.js';

const ROOT = packageRoot();
const CHAT = 'docs/chat.svg';
const PAGE = 'docs/first-ten-minutes.md';
/** Where the page says that the project lives; git is told that this is the repository here. */
const ADDRESS = 'https://github.com/OWNER/tinylm';

const CHAT_KEYS: readonly Key[] = [
  [/\n> $/, '/seed 7\r'],
  [/\n> $/, 'Once there was a little girl named Anna.\r'],
  [/ended: \w+[^]*> $/, 'Max had a red boat.\r'],
  [/ended: \w+[^]*> $/, '/quit\r'],
];

const command = (text: string): Line => [
  { text: '$ ', color: 2, bold: true, dim: false },
  { text, color: -1, bold: true, dim: false },
];

/** The part of a recorded chat that is the chat: from its first prompt to the last text. */
function chatOnly(lines: readonly Line[]): Line[] {
  const first = lines.findIndex((line) => textOf(line).startsWith('> /seed'));
  const last = lines.findLastIndex((line) => textOf(line).includes('ended: '));
  if (first < 0 || last < first) throw new Error(`no chat in\n${lines.map(textOf).join('\n')}`);
  return lines.slice(first, last + 1);
}

async function recordChat(run: string): Promise<void> {
  const line = `tinylm simulate ${run} --no-report`;
  // What is typed here comes into no one's history.
  const state = mkdtempSync(join(tmpdir(), 'tinylm-record-'));
  const env = { ...process.env, XDG_STATE_HOME: state };
  const typed = line.replace('tinylm', `node ${JSON.stringify(join(ROOT, 'bin/tinylm.js'))}`);
  const { lines } = await record(typed, { cwd: process.cwd(), env }, CHAT_KEYS).finally(() =>
    rmSync(state, { recursive: true, force: true }),
  );
  const shown = [command(line), ...lines.slice(0, 2), ...chatOnly(lines)];
  writeFileSync(join(ROOT, CHAT), picture(shown, 'a chat with the virtual ESP32-C3'));
  console.log(CHAT);
}

/** What a newcomer types, why, and what is typed into it. */
const STEPS: readonly { readonly why: string; readonly line: string; readonly keys?: readonly Key[] }[] = [
  { why: 'The project:', line: `git clone ${ADDRESS}` },
  { why: 'Node fetches what it needs; nothing else has to be installed:', line: 'cd tinylm && npm ci' },
  { why: 'Everything at once: build, train on the built-in stories, squeeze, write stories:', line: 'npm start' },
  { why: 'The command `tinylm` for this and all further terminals:', line: 'npm link' },
  {
    why: 'A story from the model, by the C engine:',
    line: 'tinylm generate run/demo --prompt "Once there was a little" --seed 7',
  },
  {
    why: 'The same model on a virtual ESP32-C3. It is flashed as a board would be; then one types how a text begins:',
    line: 'tinylm simulate run/demo',
    keys: CHAT_KEYS,
  },
];

const spent = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

async function recordSession(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'newcomer-'));
  const prefix = join(home, '.npm-global');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    npm_config_prefix: prefix,
    npm_config_update_notifier: 'false',
    npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? home, '.npm'),
    PATH: `${join(prefix, 'bin')}${delimiter}${process.env['PATH']}`,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${ROOT}.insteadOf`,
    GIT_CONFIG_VALUE_0: ADDRESS,
  };
  const done: Recorded[] = [];
  try {
    for (const [i, { line, keys }] of STEPS.entries()) {
      console.error(`$ ${line}`);
      const cwd = i < 2 ? home : join(home, 'tinylm');
      done.push(await record(line, { cwd, env }, keys));
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const total = done.reduce((sum, { seconds }) => sum + seconds, 0);
  const shown = ({ lines }: Recorded): string =>
    lines.map((line) => textOf(line).replaceAll(home, '~').replace(ROOT, ADDRESS)).join('\n');
  const page = [
    '# The first ten minutes',
    '',
    'What somebody sees who has never had TinyLM on the computer: from `git clone` to a chat with a virtual chip. Recorded by',
    `\`node dist/scripts/record.js session\` at a terminal of ${WINDOW.cols} columns, on ${cpus().length} cores of an ${cpus()[0].model.replace(/\s+/g, ' ')} with`,
    `Node ${process.version}; nothing was edited. All commands together took **${spent(total)}**. What was typed into a running program`,
    'stands after `> `. Lines that a program wrote over, such as the progress of a training, are gone at the end, as on a screen.',
    '',
    ...STEPS.flatMap(({ why, line }, i) => [
      why,
      '',
      '```console',
      `$ ${line}`,
      shown(done[i]),
      '```',
      '',
      `*${spent(done[i].seconds)}*`,
      '',
    ]),
    'How to go on: [a text of your own](texts.md), [a board](first-light.md).',
    '',
  ];
  writeFileSync(join(ROOT, PAGE), page.join('\n'));
  console.log(`${PAGE}: ${spent(total)}`);
}

const [what, run] = process.argv.slice(2);
if (what === 'chat' && run !== undefined) await recordChat(run);
else if (what === 'session') await recordSession();
else {
  console.error('error: expected "chat RUN" or "session"');
  process.exitCode = 2;
}
