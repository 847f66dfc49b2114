/** The C tests under AddressSanitizer and UndefinedBehaviorSanitizer: every truncation, every bit, every vector. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../scripts/test-native.js';
import { available, testVariants, variant } from './native-support.js';

testVariants('gcc-san');

test('changed files, size and CRC mended: nothing that is read is outside the file, and what is accepted runs', (t) => {
  const v = variant('gcc-san');
  if (!available(t, v)) return;
  assert.match(fuzz(v, 20_000, 3), /^fuzz: 20000 runs, \d{3,} accepted$/m);
});
