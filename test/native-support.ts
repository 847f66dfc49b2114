/** Helpers of the native tests: a compiler that is missing skips a test loudly, and fails it in CI. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { missing, testVariant, variants, type Variant } from '../scripts/test-native.js';

export function variant(name: string): Variant {
  const found = variants.find((v) => v.name === name);
  assert.ok(found, `a variant ${name}`);
  return found;
}

export function available(t: TestContext, v: Variant): boolean {
  const why = missing(v);
  if (why === undefined) return true;
  const message = `SKIPPED: ${why}`;
  if (process.env['CI'] === 'true') throw new Error(message);
  t.skip(message);
  process.stderr.write(`${t.name}: ${message}\n`);
  return false;
}

/** A test for each variant: the C tests pass with it. */
export function testVariants(...names: string[]): void {
  for (const name of names) {
    test(`the C tests of the engine pass: ${name}`, (t) => {
      const v = variant(name);
      if (!available(t, v)) return;
      const output = testVariant(v);
      assert.match(output, /^vectors: [1-9]\d* models, [1-9]\d* checks$/m);
      assert.match(output, /^[1-9]\d{5,} checks, 0 failed$/m);
      for (const line of output.split('\n').filter((l) => l.startsWith('cost: '))) t.diagnostic(line);
    });
  }
}
