/** The engine's reader and step under libFuzzer, and its judgement of damaged files beside that of readTlm. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fuzzOpen } from '../scripts/fuzz-engine.js';
import { compile, inTemporaryFolder } from '../scripts/test-native.js';
import { crc32, ERRORS, readTlm, spec } from '../src/format/index.js';
import { TinyLMError, uniformFrom } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { available, variant } from './native-support.js';
import { vectorBytes, vectorNames } from '../scripts/vectors.js';

/** Inputs in CI; `node dist/scripts/fuzz-engine.js` runs a million. */
const RUNS = 20_000;
/** Damaged files that both readers judge. */
const JUDGED = 100_000;

test(`${RUNS} mutated files, their checksum mended: nothing is read or written outside, and what is accepted runs`, (t) => {
  if (!available(t, variant('clang-san'))) return;
  const findings = mkdtempSync(join(tmpdir(), 'tinylm-fuzz-'));
  try {
    const { status, output } = fuzzOpen(RUNS, findings);
    assert.equal(status, 0, output.slice(-4000));
    assert.deepEqual(readdirSync(findings), []);
    const runs = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1]);
    assert.ok(runs >= RUNS, `${runs} runs`);
  } finally {
    rmSync(findings, { recursive: true, force: true });
  }
});

const good = vectorNames.map(vectorBytes).filter(({ length }) => length < 6000);

/** A file with some bytes changed, cut, or repeated, most often with its size and checksum made right again. */
function damaged(random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  let bytes = good[below(good.length)].slice();
  const head = 0.7; // of the changes fall among header, records and tokenizer, where rules are
  for (let n = 1 + below(3); n > 0; n--) {
    const at = random() < head ? below(Math.min(400, bytes.length)) : below(bytes.length);
    switch (below(4)) {
      case 0:
        bytes[at] ^= 1 << below(8);
        break;
      case 1:
        bytes[at] = [0, 1, 2, 3, 127, 128, 254, 255][below(8)];
        break;
      case 2:
        bytes[at] = (bytes[at] + (random() < 0.5 ? 1 : 255)) & 255;
        break;
      default:
        bytes[at] = below(256);
    }
  }
  if (random() < 0.05) bytes = bytes.slice(0, below(bytes.length));
  if (random() < 0.05) bytes = Uint8Array.from([...bytes, ...new Uint8Array(4 * below(8))]);
  if (random() < 0.95 && bytes.length >= spec.FILE.bytesMin) {
    bytes = bytes.slice(0, bytes.length & ~3);
    const view = new DataView(bytes.buffer);
    view.setUint32(spec.HEADER.fileBytes, bytes.length, true);
    view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, bytes.length - 4)), true);
  }
  return bytes;
}

test(`${JUDGED} damaged files are judged alike by the C reader and by readTlm: accepted, or refused for one reason`, (t) => {
  if (!available(t, variant('gcc'))) return;
  const random = uniformFrom(20261125);
  const codes = new Map(ERRORS.map(({ code, value }) => [code, value]));
  const counts = new Map<number, number>();
  inTemporaryFolder((folder) => {
    const judge = join(folder, 'judge');
    compile(variant('gcc'), [join(packageRoot(), 'engine/test/fuzz/judge.c')], judge);
    for (let done = 0; done < JUDGED; done += 5000) {
      const files = Array.from({ length: 5000 }, () => damaged(random));
      const input = Buffer.concat(
        files.flatMap((file) => {
          const length = Buffer.alloc(4);
          length.writeUInt32LE(file.length);
          return [length, file];
        }),
      );
      const { status, stdout } = spawnSync(judge, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
      assert.equal(status, 0);
      const lines = stdout.trimEnd().split('\n');
      assert.equal(lines.length, files.length);
      files.forEach((file, i) => {
        const [found] = lines[i].split(' ').map(Number);
        let expected = 0;
        let said = 'accepted';
        try {
          readTlm(file);
        } catch (error) {
          assert.ok(error instanceof TinyLMError, String(error));
          expected = codes.get(error.code)!;
          said = error.message;
        }
        assert.equal(
          found,
          expected,
          `file ${done + i}: C says ${lines[i]}, readTlm ${said}: ${Buffer.from(file).toString('base64').slice(0, 200)}`,
        );
        counts.set(found, (counts.get(found) ?? 0) + 1);
      });
    }
  });
  assert.ok((counts.get(0) ?? 0) > JUDGED / 20, 'some are accepted');
  assert.ok(counts.size > 8, `${counts.size} verdicts`);
  t.diagnostic([...counts].map(([code, n]) => `${code}: ${n}`).join(', '));
});
