/** The codec of SPEC.md 6: constants equal the firmware's, frames survive any split, noise costs nothing but itself. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { DEVICE_ERRORS, FrameReader, PROTOCOL, crc32, encodeFrame, type Received } from '../src/device/protocol.js';
import { pageSource } from '../src/device/page.js';
import { packageRoot } from '../src/node/assets.js';

const header = readFileSync(join(packageRoot(), 'firmware/app/fw_protocol.h'), 'utf8');

test('the constants are those of fw_protocol.h', () => {
  const numbers = [...header.matchAll(/^#define FW_(\w+) (0x[0-9A-F]+|\d+)/gm)].map((m) => [m[1], Number(m[2])]);
  assert.deepEqual(Object.fromEntries(numbers), { ...PROTOCOL });
  const errors = [...header.matchAll(/^#define FW_ERR_\w+ "([a-z-]+)"/gm)].map((m) => m[1]);
  assert.deepEqual(errors, [...DEVICE_ERRORS]);
});

test('every code and message type is in SPEC.md', () => {
  const spec = readFileSync(join(packageRoot(), 'SPEC.md'), 'utf8').split('## 6. Protocol')[1];
  for (const code of DEVICE_ERRORS) assert.ok(spec.includes(`\`${code}\``), code);
  for (const [name, value] of Object.entries(PROTOCOL)) {
    if (!name.startsWith('MSG_')) continue;
    const hex = value.toString(16).toUpperCase().padStart(2, '0');
    assert.match(spec, new RegExp(`\\| ${hex} \\| ${name.slice(4).toLowerCase().replace('_', ' ')} \\|`), name);
  }
});

test('fw_page.c is made from page.html', () => {
  const folder = join(packageRoot(), 'firmware/app');
  assert.equal(
    readFileSync(join(folder, 'fw_page.c'), 'utf8'),
    pageSource(readFileSync(join(folder, 'page.html'))),
    'run npx tsx scripts/make-page.ts',
  );
});

test('CRC-32 of the standard check string', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926);
});

const frames = fc.array(
  fc.record({
    type: fc.nat(255),
    sequence: fc.nat(255),
    payload: fc.uint8Array({ maxLength: 60 }),
  }),
  { maxLength: 4 },
);

const framesOf = (received: readonly Received[]): unknown[] =>
  received.flatMap((r) => (r.kind === 'frame' ? [{ ...r.frame }] : []));

test('frames come out as they went in, in any split', () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 7 }), (sent, step) => {
      const bytes = Buffer.concat(sent.map(encodeFrame));
      const reader = new FrameReader();
      const got: Received[] = [];
      for (let i = 0; i < bytes.length; i += step) got.push(...reader.push(bytes.subarray(i, i + step)));
      assert.deepEqual(
        framesOf(got),
        sent.map((f) => ({ ...f })),
      );
      assert.ok(got.every((r) => r.kind === 'frame'));
    }),
  );
});

test('no frame has a byte inside that a terminal or the line protocol would take for its own', () => {
  const payload = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let sequence = 0; sequence < 256; sequence++) {
    const bytes = encodeFrame({ type: 4, sequence, payload });
    for (const b of bytes.subarray(1, -1)) assert.ok(![3, 10, 13, 0x11, 0x13, 0xf9].includes(b));
    assert.equal(bytes.at(-1), 10);
  }
});

test('after any bytes the next frame is understood; a changed byte is never believed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (noise, payload, where, change) => {
        const reader = new FrameReader();
        reader.push(noise);
        const good = encodeFrame({ type: 2, sequence: 9, payload });
        assert.deepEqual(framesOf(reader.push(good)), [{ type: 2, sequence: 9, payload }]);
        const bad = good.slice();
        bad[where % bad.length] ^= change;
        assert.deepEqual(framesOf(reader.push(bad)), []);
        reader.push(Uint8Array.of(10));
      },
    ),
  );
});

test('text between frames is text; a frame too large for any buffer is damaged, and refused when sent', () => {
  const reader = new FrameReader();
  const seen = reader.push(
    Buffer.concat([
      Buffer.from('boot\r\n'),
      encodeFrame({ type: 1, sequence: 1, payload: new Uint8Array() }),
      Buffer.from('> '),
    ]),
  );
  assert.deepEqual(
    seen.map((r) => r.kind),
    ['text', 'frame', 'text'],
  );
  assert.deepEqual(reader.push(Uint8Array.of(0xf9, ...new Uint8Array(5000), 10)), [{ kind: 'damaged' }]);
  assert.throws(() => encodeFrame({ type: 1, sequence: 1, payload: new Uint8Array(1025) }), {
    code: 'frame-too-large',
  });
});
