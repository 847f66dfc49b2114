/** A build without a kind of layer, the cache or version 1: smaller, it refuses what needs that, and runs the rest bit for bit. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compile, inTemporaryFolder } from '../scripts/test-native.js';
import { readTlm } from '../src/format/index.js';
import { LAYER_KINDS } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { vectorBytes, vectorNames, vectorPath } from '../scripts/vectors.js';
import { available, variant } from './native-support.js';

const root = packageRoot();
const OPTIONS = ['205', '40', '0', '1024', '0', '7', '40'];

const files = vectorNames.map((name) => {
  const { layers, ngrams, cache } = readTlm(vectorBytes(name)).model.config;
  const kinds = new Set(layers.map(({ kind }) => kind));
  return {
    path: vectorPath(name),
    needs: [name.split('/')[0], ...kinds, ...(ngrams.length > 0 ? ['ngrams'] : []), ...(cache > 0 ? ['cache'] : [])],
  };
});

const text = (program: string, path: string): string =>
  execFileSync(program, [path, 'the', ...OPTIONS], { encoding: 'latin1', stdio: 'pipe' });

test('kinds of layers that a build leaves out', (t) => {
  const gcc = variant('gcc');
  if (!available(t, gcc)) return;
  inTemporaryFolder((out) => {
    const build = (without: readonly string[]): string => {
      const program = join(out, `run-${without.join('-')}`);
      const flags = ['-O0', ...without.map((part) => `-DTLM_WITHOUT_${part.toUpperCase()}`)];
      compile({ ...gcc, flags }, [join(root, 'engine/test/tlm_run.c')], program);
      return program;
    };
    const whole = build([]);
    const expected = new Map(files.map(({ path }) => [path, text(whole, path)]));
    for (const without of [
      ...LAYER_KINDS.map((kind) => [kind]),
      ['cache'],
      ['v1', 'mlgru', 'glu', 'ngrams', 'cache'],
    ]) {
      const program = build(without);
      assert.ok(statSync(program).size < statSync(whole).size, `without ${without.join(', ')}: smaller`);
      const runs = { yes: 0, no: 0 };
      for (const { path, needs } of files) {
        if (needs.some((part) => without.includes(part))) {
          assert.throws(
            () => text(program, path),
            (error) => /kind of layer|header field|version/.test((error as { stderr: string }).stderr),
            path,
          );
          runs.no++;
        } else {
          assert.equal(text(program, path), expected.get(path), path);
          runs.yes++;
        }
      }
      assert.ok(runs.yes > 0 && runs.no > 0, `without ${without.join(', ')}: ${JSON.stringify(runs)}`);
    }
  });
});
