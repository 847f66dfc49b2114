/** Native kernels are kept by the instructions that they use, and called only where the processor has them all. */
import assert from 'node:assert/strict';
import { arch } from 'node:os';
import { describe, it } from 'node:test';
import { featuresMissing, featuresOffered, featuresUsed } from '../src/node/cpu-features.js';
import { have } from './device-support.js';
import { inFolder, spawned } from './helpers/cli.js';
import { join } from 'node:path';

const MACROS = '#define __AVX512F__ 1\n#define __AVX2__ 1\n#define __AVX512FP16__ 1\n#define __x86_64__ 1\n';
const cpuinfo = (...flags: string[]): string =>
  flags.map((f) => `processor\t: 0\nmodel name\t: X\nflags\t\t: ${f}\n`).join('\n');

describe('the instructions of a build', () => {
  it('are those that the compiler says, whatever the processor is called', () => {
    assert.deepEqual(featuresUsed(MACROS), ['avx2', 'avx512_fp16', 'avx512f']);
  });

  it('that a hypervisor hides are missed, also on one processor of several', () => {
    assert.deepEqual(featuresMissing(MACROS, cpuinfo('fpu avx2 avx512f avx512_fp16')), []);
    assert.deepEqual(featuresMissing(MACROS, cpuinfo('fpu avx2')), ['avx512_fp16', 'avx512f']);
    assert.deepEqual(featuresMissing(MACROS, cpuinfo('avx2 avx512f avx512_fp16', 'avx2 avx512f')), ['avx512_fp16']);
    assert.equal(featuresOffered('model name: X'), undefined);
    assert.deepEqual(featuresMissing(MACROS, undefined), [], 'a system that does not tell is not doubted');
  });

  it('that this processor lacks are never called: WebAssembly takes over, and says why', async (t) => {
    // No processor has both AMD's FMA4 and Intel's AMX.
    if (arch() !== 'x64' || !have(t, 'gcc')) return;
    const more = ['-mfma4', '-mamx-tile'];
    await inFolder(async (folder) => {
      const env = { TINYLM_CC: `gcc ${more.join(' ')}`, TINYLM_CACHE: folder, TINYLM_BACKEND: undefined };
      const words = ['train', 'stories:en', '--max-bytes', '20K', '--hidden', '8', '--dim', '8', '--epochs', '0.1'];
      const run = await spawned([...words, '--out', join(folder, 'run')], '', env);
      assert.equal(run.code, 0, run.err);
      assert.match(run.err, /trainer: WebAssembly: gcc builds for instructions that this processor does not offer \(/);
      const asked = await spawned([...words, '--out', join(folder, 'b'), '--backend', 'native'], '', env);
      assert.equal(asked.code, 1);
      assert.match(asked.err, /does not offer/);
    });
  });
});
