/** A chip as a page has it: over a port of Web Serial or a virtual chip's, and what is said when something is wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { VirtualBoard } from '../src/device/chip/index.js';
import type { FlashProgress } from '../src/device/flash/index.js';
import { FakeTransport, type Transport } from '../src/device/index.js';
import { packageRoot } from '../src/node/assets.js';
import { readPrebuilt } from '../src/node/prebuilt.js';
import { servePort, type ChipCalls, type Endpoint, type VirtualCalls } from '../src/web/index.js';
import { chipHandlers } from '../src/web/chip-calls.js';
import { virtualHandlers } from '../src/web/virtual-calls.js';
import { channel, closePages, code, fakeSerialPort, open, page } from './helpers/web.js';

const tlm = new Uint8Array(readFileSync(join(packageRoot(), 'vectors', 'v2', 'blocks.tlm')));
const chipPage = () => page<ChipCalls>(chipHandlers({ code, open, prebuilt: async () => readPrebuilt(), host: 'a test' }));

const boards: VirtualBoard[] = [];
afterEach(() => {
  for (const board of boards.splice(0)) board.powerOff();
  closePages();
});

type ChipPage = ReturnType<typeof chipPage>;

/** A page's serial port over any transport, at the chip worker. */
async function serial(chip: ChipPage, transport: Transport, faults: Parameters<typeof fakeSerialPort>[1] = {}) {
  const port = fakeSerialPort(transport, faults);
  const [here, there] = channel();
  servePort(port, here as unknown as Endpoint);
  await chip.call('chip/port', { port: there, name: 'USB 303A:1001' }, { transfer: [there] });
  return port;
}

async function board(chip: ChipPage, options: ConstructorParameters<typeof VirtualBoard>[0] = {}, faults = {}) {
  const made = new VirtualBoard(options);
  boards.push(made);
  const port = await serial(chip, made.port(), faults);
  made.powerOn();
  return { made, port };
}

describe('a virtual chip in a page', () => {
  it('is found, flashed, talked to, measured and reported, and keeps its flash when it is off', async () => {
    const chip = chipPage();
    const virtual = page<VirtualCalls>(virtualHandlers(() => 5));
    const states: string[] = [];
    const watching = virtual.call('virtual/watch', {}, { onEvent: ({ state }) => states.push(state) });
    const plug = async (): Promise<void> => {
      const [here, there] = channel();
      await virtual.call('virtual/start', { port: here }, { transfer: [here] });
      await chip.call('chip/port', { port: there, name: 'virtual ESP32-C3' }, { transfer: [there] });
    };
    await plug();
    await assert.rejects(chip.call('chip/info', {}), (error: Error & { code: string; hint: string }) =>
      error.code === 'device-silent' && /its flash is empty/.test(error.message) && !/tinylm /.test(error.hint));
    const empty = await chip.call('chip/detect', {});
    assert.deepEqual([empty.chip, empty.flashBytes, empty.trouble?.code], ['ESP32-C3', 4 << 20, 'partition-table']);
    const fits = await chip.call('chip/fits', { tlm, chip: empty, firmware: 'prebuilt' });
    assert.deepEqual([fits.fits, fits.modelBytes, fits.room], [true, tlm.length, readPrebuilt().about.model.bytes]);
    const large = await chip.call('chip/fits', { tlm, chip: { ...empty, modelPartition: { offset: 0x100000, bytes: 100 } } });
    assert.deepEqual([large.fits, large.why?.code], [false, 'model-too-large']);

    const phases: string[] = [];
    const onEvent = ({ phase }: FlashProgress): void => void (phases.at(-1) !== phase && phases.push(phase));
    const flashed = await chip.call('chip/flash', { tlm, firmware: 'prebuilt' }, { onEvent });
    assert.deepEqual(flashed.parts.at(-1)!.name, 'model');
    assert.deepEqual([phases[0], phases[1], phases.at(-1)], ['connecting', 'connected', 'done']);

    const status = await chip.call('chip/info', {});
    assert.deepEqual([status.model.state, status.model.bytes, status.protocol], ['ready', tlm.length, 1]);
    const expected = (await open(tlm)).generate('abc', { seed: 3, temperature: 0.8, topK: 40, topP: 0, repetitionPenalty: 1, maxTokens: 20 });
    const settings = { seed: 3, temperature: 0.8, length: 20, penalty: 1, penalty_window: 0 };
    let text = '';
    const result = await chip.call('chip/chat', { prompt: 'abc', settings }, { onEvent: (event) => (text += event.text) });
    assert.deepEqual([text, result.tokens], [expected.text, expected.tokens]);

    assert.equal((await chip.call('chip/settings', { change: { temperature: 0.25, length: 9 } })).length, 9);
    assert.equal((await chip.call('chip/settings', {})).temperature, 0.25);
    await assert.rejects(chip.call('chip/settings', { save: true }), { code: 'settings-save' });
    await assert.rejects(chip.call('chip/settings', { change: { temperature: 99 } }), { code: /device-/ } as object as Error);
    const stop = new AbortController();
    const long = await chip.call('chip/chat', { prompt: 'abc', settings: { length: 60_000, temperature: 5, top_k: 0 } },
      { signal: stop.signal, onEvent: () => stop.abort() });
    assert.ok(['cancelled', 'end'].includes(long.reason) && long.tokens < 60_000);
    assert.equal((await chip.call('chip/bench', { tokens: 8 })).tokens, 8);
    const report = await chip.call('chip/report', { tlm });
    assert.equal(report.same, true);
    assert.match(report.markdown, /a test[^]*text equals the host's \| yes/);

    await virtual.call('virtual/stop', {});
    await watching;
    assert.ok(['running', 'download', 'stopped', 'off'].every((state) => states.includes(state)), states.join());
    await assert.rejects(chip.call('chip/info', {}));
    await plug();
    assert.equal((await chip.call('chip/info', {})).model.state, 'ready');
    // The model alone, by the table in flash.
    const other = new Uint8Array(readFileSync(join(packageRoot(), 'vectors', 'v1', 'bpe-33.tlm')));
    const { parts } = await chip.call('chip/flash', { tlm: other });
    assert.deepEqual(parts.map(({ name, bytes }) => [name, bytes]), [['model', Math.ceil(other.length / 4) * 4]]);
    assert.equal((await chip.call('chip/info', {})).model.bytes, other.length);
    await virtual.call('virtual/stop', { forget: true });
    await plug();
    await assert.rejects(chip.call('chip/info', {}), { code: 'device-silent' });
    await virtual.call('virtual/stop', {});
  });
});

describe('a port of Web Serial', () => {
  it('is used as the virtual port is', async () => {
    const chip = chipPage();
    await board(chip);
    const { parts } = await chip.call('chip/flash', { tlm, firmware: 'prebuilt', eraseAll: true });
    assert.ok(parts.length > 1);
    assert.equal((await chip.call('chip/info', {})).model.state, 'ready');
    await chip.call('chip/close', {});
    await assert.rejects(chip.call('chip/info', {}), { code: 'port-none' });
  });

  it('says so when it is unplugged in the middle, and what the board is left with', async () => {
    const chip = chipPage();
    const { port } = await board(chip);
    await assert.rejects(chip.call('chip/flash', { tlm, firmware: 'prebuilt' }, {
      onEvent: (event) => { if (event.phase === 'writing' && event.sent > 0) port.pull(); },
    }), (error: Error & { code: string; hint: string }) => {
      assert.equal(error.code, 'flash-failed');
      assert.match(error.message, /disconnected/);
      assert.match(error.hint, /The firmware on the board is incomplete/);
      return true;
    });
    await assert.rejects(chip.call('chip/info', {}), { code: 'port-lost' });
  });

  it('says so when another program has it, when nothing answers, when the flash is too small, and when it is stopped', async () => {
    const busy = chipPage();
    await board(busy, {}, { refuse: 'NetworkError' });
    await assert.rejects(busy.call('chip/info', {}), { code: 'port-busy' });

    const silent = chipPage();
    await serial(silent, new FakeTransport());
    await assert.rejects(silent.call('chip/info', {}), { code: 'device-silent' });

    const small = chipPage();
    await board(small, { flashBytes: 1 << 20 });
    await assert.rejects(small.call('chip/flash', { tlm, firmware: 'prebuilt' }), { code: 'flash-size' });

    const stopped = chipPage();
    const stop = new AbortController();
    await board(stopped);
    await assert.rejects(stopped.call('chip/flash', { tlm, firmware: 'prebuilt' }, {
      signal: stop.signal, onEvent: (event) => { if (event.phase === 'writing' && event.sent > 0) stop.abort(); },
    }), { code: 'flash-stopped' });
  });

  it('finds another chip than the firmware is for', async () => {
    const chip = chipPage();
    const { fits, why } = await chip.call('chip/fits', { tlm, chip: { chip: 'ESP32-S3' }, firmware: 'prebuilt' });
    assert.deepEqual([fits, why?.code], [false, 'flash-chip']);
    await assert.rejects(chip.call('chip/detect', {}), { code: 'port-none' });
  });
});
