/** `tinylm chat` and `tinylm monitor` with the firmware's machine code on the virtual ESP32-C3. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { chatOver } from '../src/cli/commands/chat.js';
import { watch } from '../src/cli/commands/monitor.js';
import { VirtualBoard } from '../src/device/chip/board.js';
import { attachToPty, openPty } from '../src/node/ports/pty.js';
import { readPrebuilt } from '../src/node/prebuilt.js';
import { have } from './device-support.js';
import { fileBytes, SMALL } from './firmware-support.js';
import { capture, tinylm } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { atTerminal } from './helpers/terminal.js';

/** A board whose flash holds the firmware, and a model perhaps; on. */
async function withBoard(model: Uint8Array | undefined, body: (board: VirtualBoard) => Promise<void>): Promise<void> {
  const board = new VirtualBoard();
  const { image, about } = readPrebuilt();
  board.chip.flash.program(0, image);
  if (model) board.chip.flash.program(about.model.offset, model);
  board.powerOn();
  try {
    await body(board);
  } finally {
    board.powerOff();
  }
}

test('chat over a real pseudo-terminal: the same text as in WebAssembly, at a terminal too', async (t) => {
  if (!have(t, 'socat')) return;
  const text = (await loadEngineModel(SMALL)).text('the cat', { seed: 7, length: 40 });
  const pty = await openPty(spawn);
  try {
    await withBoard(fileBytes(SMALL), async (board) => {
      attachToPty(pty, board);
      const { code, out, err } = await tinylm([
        'chat',
        '--port',
        pty.path,
        '--prompt',
        'the cat',
        '--seed',
        '7',
        '-n',
        '40',
      ]);
      assert.deepEqual([code, out], [0, `${text}\n`], err);
      assert.match(err, /^3 prompt tokens, 40 generated, [\d.,]+ tokens\/s, seed 7, ended: length\n$/);
      const at = await atTerminal(['chat', '--port', pty.path, '--no-history', '-n', '60000', '--seed', '7']);
      try {
        await at.seen(/> /);
        at.type('the cat\r');
        assert.ok((await at.seen(/the cat\n[^]{40}/)).endsWith(`\n${[...text].slice(0, 40).join('')}`));
        at.type('\x03');
        await at.seen(/ended: cancelled\]\n[^]*> /);
        at.type('/bench 10\r');
        await at.seen(/\[10 tokens in .* cycles a token\]/);
        at.type('\x04');
        assert.equal(await at.code, 0);
      } finally {
        at.close();
      }
    });
  } finally {
    pty.close();
  }
});

test('chat with a chip without a model, or with another program', async () => {
  const chat = (board: VirtualBoard, patience?: number[]): Promise<void> =>
    chatOver(capture().context, { prompt: 'a', history: false }, board.port(), patience);
  await withBoard(undefined, (board) =>
    assert.rejects(chat(board), { code: 'device-no-model', hint: /^put one on it: tinylm flash/ }),
  );
  const empty = new VirtualBoard();
  const silent = chat(empty, [200]);
  setTimeout(() => empty.powerOn(), 20);
  await assert.rejects(silent, { code: 'device-silent', message: /what it said last: invalid header: 0xffffffff/ });
  empty.powerOff();
});

test('monitor --reset shows the boot, line by line', async () => {
  await withBoard(fileBytes(SMALL), async (board) => {
    const { context, result } = capture();
    const end = new AbortController();
    const again = (): Promise<never> => Promise.reject(new Error('the board is there'));
    const running = watch(context, { reset: true, raw: false }, { first: board.port(), again, signal: end.signal });
    for (let i = 0; !/rst:0x[^]*\[TinyLM \d/.test(result().out); i++) {
      assert.ok(i < 1000, result().out);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    end.abort();
    await running;
    assert.doesNotMatch(result().err, /warning/);
  });
});
