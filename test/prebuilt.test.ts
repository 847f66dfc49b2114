/** The image that travels with the package is made of the sources beside it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildImage, describeImage, prebuiltSources, sourceHash, toolVersions } from '../scripts/build-prebuilt.js';
import { parsePartitionCsv, readPartitionTable } from '../src/device/flash/partitions.js';
import { packageRoot } from '../src/node/assets.js';
import { readPrebuilt } from '../src/node/prebuilt.js';

const AGAIN = 'make it again: npm run build && node dist/scripts/build-prebuilt.js';

test('the prebuilt image was made of these sources', () => {
  assert.equal(readPrebuilt().about.sources, sourceHash(), `the sources of the prebuilt image have changed; ${AGAIN}`);
  for (const file of [
    'engine/src/tlm_kernels.c',
    'engine/include/tinylm.h',
    'firmware/app/fw_session.c',
    'firmware/ports/esp32c3-direct/link.ld',
    'firmware/ports/Makefile',
  ]) {
    assert.ok(prebuiltSources().includes(file), file);
  }
});

test('the prebuilt image is built again, byte for byte, where the compiler is the same', async (t) => {
  const { image, about } = readPrebuilt();
  const here = toolVersions();
  if (!here && process.env['CI'] === 'true') throw new Error('riscv64-unknown-elf-gcc is missing');
  if (here?.compiler !== about.compiler || here.linker !== about.linker) {
    t.diagnostic(`not compared: the image is of ${about.compiler}, here is ${here?.compiler ?? 'none'}`);
    return;
  }
  const built = buildImage();
  const digest = createHash('sha256').update(built).digest('hex');
  assert.equal(digest, about.sha256, `the image differs from its sources; ${AGAIN}`);
  assert.deepEqual(await describeImage(built), about);
  assert.equal(built.length, image.length);
});

test('the parts of the prebuilt image are all that is in it, and leave NVS alone', () => {
  const { image, about } = readPrebuilt();
  const covered = image.slice();
  for (const { offset, bytes } of about.parts) covered.fill(0xff, offset, offset + bytes);
  assert.ok(covered.every((b) => b === 0xff));
  const partitions = readPartitionTable(image.subarray(0x8000, 0x8c00));
  assert.deepEqual(partitions, parsePartitionCsv(readFileSync(join(packageRoot(), 'firmware/partitions.csv'), 'utf8')));
  const nvs = partitions.find((p) => p.name === 'nvs')!;
  for (const { name, offset, bytes } of about.parts) {
    const end = Math.ceil((offset + bytes) / 4096) * 4096;
    assert.ok(end <= nvs.offset || offset >= nvs.offset + nvs.bytes, `${name} would overwrite NVS`);
  }
  assert.ok(about.ram.all <= 32_768);
});
