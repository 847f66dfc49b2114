/**
 * The C engine as RISC-V machine code: one program, run under QEMU and on the virtual hart. Output (tokens drawn, in a
 * checksum) and instruction counts are equal to the last digit.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { VirtMachine } from '../src/device/chip/virt.js';
import { crossCompile, have, inTempFolder, qemuVirt } from './device-support.js';

const ENGINE = resolve('engine'); // tests are run from the repository's root

test("the engine: tokens and instruction counts equal QEMU's, for both packings", async (t) => {
  if (!have(t, 'gcc', 'qemu')) return;
  const sources = readdirSync(join(ENGINE, 'src'))
    .filter((f) => f.endsWith('.c'))
    .map((f) => join(ENGINE, 'src', f));
  for (const shape of [
    ['-DDIM=64', '-DHIDDEN=128'],
    ['-DDIM=96', '-DHIDDEN=96', '-DTYPE=2'],
  ]) {
    const elf = await inTempFolder((folder) =>
      crossCompile(folder, {}, [
        ...shape,
        '-O3',
        '-T',
        join(ENGINE, 'bench/riscv.ld'),
        `-I${join(ENGINE, 'include')}`,
        `-I${join(ENGINE, 'src')}`,
        ...sources,
        join(ENGINE, 'test/make_blob.c'),
        join(ENGINE, 'bench/count.c'),
        join(ENGINE, 'bench/riscv.c'),
      ]),
    );
    const machine = new VirtMachine();
    machine.loadElf(elf);
    assert.equal(machine.runToExit(200_000_000), 0);
    const ours = Buffer.from(machine.takeOutput()).toString();
    assert.match(ours, /token=\d+.*checksum=\d+/);
    assert.equal(ours, (await qemuVirt(elf)).toString());
  }
});
