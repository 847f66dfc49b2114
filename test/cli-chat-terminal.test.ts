/** `tinylm chat` at a terminal: typing ahead, Ctrl-C by what is going on, history, commands. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test, type TestContext } from 'node:test';
import { historyPath, readHistory } from '../src/cli/line-editor.js';
import { have } from './device-support.js';
import { POSIX_TOOLS, SMALL, toolsFor, withDevice, type Device } from './firmware-support.js';
import { inFolder, tinylm } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { atTerminal } from './helpers/terminal.js';

const engine = async (prompt: string, seed: number, length: number, temperature?: number): Promise<string> =>
  (await loadEngineModel(SMALL)).text(prompt, { seed, length, ...(temperature !== undefined && { temperature }) });

test("the history is in the user's state folder", () => {
  assert.equal(historyPath({ XDG_STATE_HOME: '/s' }, 'linux'), '/s/tinylm/history');
  assert.match(historyPath({ XDG_STATE_HOME: 'relative' }, 'linux'), /\.local.state.tinylm.history$/);
  assert.match(historyPath({ LOCALAPPDATA: '/l' }, 'win32'), /^\/l.tinylm.history$/);
});

test('the history is short, and nobody else reads it', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'history');
    assert.deepEqual(readHistory(path), []);
    writeFileSync(path, Array.from({ length: 2500 }, (_, i) => `line ${i}\n`).join(''));
    const lines = readHistory(path);
    assert.deepEqual([lines.length, lines[0], lines.at(-1)], [1000, 'line 1500', 'line 2499']);
    assert.deepEqual(readHistory(path), lines);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 1001);
  }));

describe('chat at a terminal', () => {
  const CTRL_C = '\x03';
  const CTRL_D = '\x04';
  const UP = '\x1b[A';

  async function session(
    t: TestContext,
    args: readonly string[],
    body: (at: Awaited<ReturnType<typeof atTerminal>>, d: Device, folder: string) => Promise<void>,
    words: readonly string[] = [],
  ) {
    if (!have(t, 'socat')) return;
    if (!toolsFor(t, POSIX_TOOLS)) return;
    await withDevice(['--model', SMALL, ...args], ['pty'], (d) =>
      inFolder(async (folder) => {
        const at = await atTerminal(['chat', '--port', d.pty, ...words], { XDG_STATE_HOME: folder });
        try {
          await at.seen(/tinylm .*model 5,444 bytes[^\n]*\/help lists the commands\.\n[^]*> /);
          await body(at, d, folder);
        } finally {
          at.close();
        }
      }),
    );
  }

  it('streams texts, sets, and remembers lines for the next time', (t) =>
    session(t, [], async (at, d, folder) => {
      const text = await engine('the cat', 7, 40, 0.8);
      at.type('/set temperature 0.8\r');
      await at.seen(/\[temperature 0\.8\]\n/);
      at.type('/seed 7\r/set tokens 40\rthe cat\r'); // typed ahead
      await at.seen(/\[seed 7\]\n[^]*\[tokens 40\]\n/);
      const shown = await at.seen(/> the cat\n[^]*?\n\[3 prompt tokens, 40 generated, .*ended: length\]\n[^]*> /);
      assert.equal(shown.split('\n').slice(1, -2).join('\n'), text);
      at.type('/continue\r');
      const more = await at.seen(/\/continue\n[^]*?\n\[.*40 generated.*\]\n[^]*> /);
      assert.equal(more.split('\n').slice(1, -2).join('\n'), (await engine('the cat', 7, 80, 0.8)).slice(text.length));
      at.type('/settings\r');
      await at.seen(/tokens +40 +\*[^]*keep +off/);
      at.type('/set temperature 11\r');
      await at.seen(/error: temperature cannot be 11\nhint: expected a number from 0 to 10/);
      at.type('/nonsense\r');
      await at.seen(/no command \/nonsense/);
      at.type('/bench 10\r');
      await at.seen(/\[10 tokens in/);
      at.type('/info\r');
      await at.seen(/shape +vocabulary 128/);
      at.type(`/quit\r`);
      assert.equal(await at.code, 0);
      const history = join(folder, 'tinylm', 'history');
      assert.match(readFileSync(history, 'utf8'), /^\/set temperature 0\.8\n\/seed 7\n\/set tokens 40\nthe cat\n/);

      assert.equal(statSync(history).mode & 0o777, 0o600);

      const next = await atTerminal(['chat', '--port', d.pty, '-n', '3'], { XDG_STATE_HOME: folder });
      try {
        await next.seen(/> /);
        next.type(`${UP}${UP}`);
        await next.seen(/\/info/);
        next.type(CTRL_C); // the line, then twice to leave
        next.type(CTRL_C);
        await next.seen(/Ctrl-C again or Ctrl-D leaves/);
        next.type(CTRL_C);
        assert.equal(await next.code, 0);
      } finally {
        next.close();
      }
    }));

  it('cancels at Ctrl-C and goes on; Ctrl-D leaves; no history when not wanted', (t) =>
    session(
      t,
      ['--delay', '2000'],
      async (at, d, folder) => {
        at.type('the\r');
        await at.seen(/the\n[^]{8}/);
        at.type(CTRL_C);
        await at.seen(/\[2 prompt tokens, \d+ generated, .*ended: cancelled\]\n[^]*> /);
        at.type('/continuous the\r');
        await at.seen(/\/continuous the\n[^]{8}/);
        at.type('a cat\r');
        await at.seen(/a cat\n[^]{400}/);
        at.type(CTRL_C);
        const prompts = /\[(\d+) prompt tokens/.exec(await at.seen(/\[\d+ prompt tokens.*ended: cancelled\]\n[^]*> /));
        assert.ok(Number(prompts?.[1]) > 2, 'the line was not taken');
        at.type(CTRL_D);
        assert.equal(await at.code, 0);
        assert.equal(existsSync(join(folder, 'tinylm', 'history')), false);
        assert.equal((await tinylm(['chat', '--port', d.pty, '--prompt', 'a', '-n', '2'])).code, 0);
      },
      ['--no-history', '-n', '60000'],
    ));

  it('ends when the device goes away', (t) =>
    session(t, [], async (at, d) => {
      d.process.kill('SIGTERM');
      assert.equal(await at.code, 1);
      assert.match(at.screen(), /error: .* was disconnected/);
    }));

  it('sends another model', (t) =>
    session(t, [], async (at) => {
      at.type('/load nowhere.tlm\r');
      await at.seen(/error: nowhere.tlm: no such file/);
      at.type(`/load ${SMALL}\r`);
      await at.seen(/is in use: 5,444 bytes/);
      at.type('/save\r');
      await at.seen(/kept on the device/);
      at.type('/quit\r');
      assert.equal(await at.code, 0);
    }));
});
