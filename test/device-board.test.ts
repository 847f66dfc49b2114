/**
 * The virtual board, end to end: the real esptool-js flashes it, the reset lines restart it, and the flashed program
 * boots and answers over the same port: in memory and over a real pseudo-terminal.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { VirtualBoard } from '../src/device/chip/board.js';
import { flashImage } from '../src/device/flash/flasher.js';
import { md5Hex } from '../src/device/flash/md5.js';
import { attachToPty, openPty } from '../src/node/ports/pty.js';
import { SerialTransport } from '../src/node/ports/serial.js';
import { ECHO_PLUS_ONE, WATCHDOGS_OFF, directBoot, have, noise, rv, say, textOf, until } from './device-support.js';

const PROGRAM = directBoot([...WATCHDOGS_OFF, ...say('ready\n'), ...ECHO_PLUS_ONE]);
const FOREVER = rv.j(0, 0);

for (const wiring of ['usb', 'uart'] as const) {
  test(`flash, reset, boot, talk: a virtual board over memory, wired by ${wiring}`, async () => {
    const board = new VirtualBoard({ wiring });
    board.powerOn();
    assert.equal(board.state, 'stopped'); // flash is empty
    const port = board.port();
    const program = wiring === 'usb' ? PROGRAM : directBoot([...WATCHDOGS_OFF, ...UART_ECHO]);
    await flashImage({ port, parts: [{ offset: 0, data: program, name: 'program' }] });
    assert.equal(board.state, 'running');
    await port.open();
    const seen = textOf(port);
    await port.write(Buffer.from('HAL'));
    await until(() => seen.text.includes('IBM'), 'the echo');
    // The reset line again, by hand: the program starts from the beginning.
    await port.setSignals?.({ dtr: false, rts: true });
    await port.setSignals?.({ dtr: false, rts: false });
    await until(() => /rst:0x\w+ .*boot:0xc[^]*ready/.test(seen.text), 'the second boot');
    await port.close();
    board.powerOff();
  });
}

/** Says ready over UART0, then sends each byte back plus one. */
const UART_ECHO: readonly number[] = (() => {
  const put = (c: number): number[] => [0x13 | (6 << 7) | (c << 20), 0x0062a023];
  // lui t0,0x60000; "ready\n"; loop: lw t1,0x1c(t0); andi t1,t1,0x3ff; beqz loop; lw t1,0(t0); addi t1,t1,1; sw; j loop
  return [
    0x600002b7,
    ...[...'ready\n'].flatMap((c) => put(c.charCodeAt(0))),
    0x01c2a303,
    0x3ff37313,
    0xfe030ce3,
    0x0002a303,
    0x00130313,
    0x0062a023,
    0xfe9ff06f,
  ];
})();

test('flash, reset, boot, talk: over a real pseudo-terminal with serialport', async (t) => {
  if (!have(t, 'socat')) return;
  const board = new VirtualBoard({ syncEntersDownload: true });
  const pty = await openPty(spawn);
  try {
    attachToPty(pty, board);
    board.powerOn();
    const data = noise(60_000, 9);
    const port = new SerialTransport(pty.path);
    await flashImage({
      port,
      parts: [
        { offset: 0, data: PROGRAM },
        { offset: 0x10000, data },
      ],
    });
    assert.equal(md5Hex(board.chip.flash.read(0x10000, data.length)), md5Hex(data));
    assert.equal(board.state, 'running');
    await port.open();
    const seen = textOf(port);
    await port.write(Buffer.from('HAL'));
    await until(() => seen.text.includes('IBM'), 'the echo');
    assert.equal(await port.setSignals({ rts: false }), false);
    await port.close();
    // While the program runs, the flasher gets in again.
    await flashImage({ port, parts: [{ offset: 0x20000, data }] });
    assert.equal(board.state, 'running');
  } finally {
    board.powerOff();
    pty.close();
  }
});

test('a board: a fault stops it with the registers, a program that never feeds the watchdog is restarted', async () => {
  const board = new VirtualBoard();
  const port = board.port();
  await port.open();
  const seen = textOf(port);
  board.chip.flash.program(0, directBoot([...say('x'), FOREVER]));
  board.powerOn();
  await until(() => board.state === 'stopped', 'the board to give up');
  assert.equal(board.resets.filter((r) => r === 'timer-watchdog').length, 20);
  await until(() => (seen.text.match(/rst:0x7 \(TG0WDT_SYS_RST\)/g) ?? []).length === 20, 'the boot messages');
  board.chip.flash.erase(0, 4096);
  board.chip.flash.program(0, directBoot([...WATCHDOGS_OFF, ...say('y'), 0]));
  board.powerOn();
  await until(() => board.state === 'stopped', 'the fault');
  assert.equal(board.fault?.trap, 2);
  await until(() => seen.text.endsWith('y'), 'what it said before');
});
