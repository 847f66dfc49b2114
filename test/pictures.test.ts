/** Pictures that scripts make are those that the scripts would make today. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOMS } from '../scripts/check-imports.js';
import { drawRooms, PICTURE } from '../scripts/draw-rooms.js';
import { packageRoot } from '../src/node/assets.js';

test('the picture of the rooms shows every room, and is that of scripts/check-imports.ts', () => {
  const drawn = drawRooms();
  for (const room of Object.keys(ROOMS)) assert.ok(drawn.includes(`>${room}<`), room);
  const again = 'make it again: npm run build && node dist/scripts/draw-rooms.js';
  assert.equal(readFileSync(join(packageRoot(), PICTURE), 'utf8'), drawn, again);
});
