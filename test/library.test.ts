/** The package as a library: every door is there with its types, and a program of somebody else's compiles against them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../src/node/assets.js';

const ROOT = packageRoot();
const { name: own, exports: doors } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as
  { name: string; exports: Record<string, { types: string; default: string }> };

test('every door of the package is there, with its types', async () => {
  for (const [name, { types, default: code }] of Object.entries(doors)) {
    assert.ok(existsSync(join(ROOT, types)), `${name}: ${types}`);
    assert.ok(Object.keys((await import(`${own}${name.slice(1)}`)) as object).length > 0, `${name}: ${code}`);
  }
});

const PROGRAM = `
import { Engine } from '${own}/engine';
import { shortName, type TrainFlags } from '${own}/run';
import { connect, type TrainerCalls } from '${own}/web';
import { DeviceClient, type Transport } from '${own}/device';

export const text: (e: Engine) => string = (e) => [...e.generate('Once', { seed: 1 })].join('');
export const name: string = shortName('my text.txt');
export const flags: TrainFlags = { batch: 8, segment: 32, seed: 1 };
export const info = (port: Transport): Promise<{ name: string }> => new DeviceClient(port).info();
export const about = async (worker: Worker): Promise<number> => (await connect<TrainerCalls>(worker).call('about', {})).threads;
// @ts-expect-error no such call
export const wrong = (worker: Worker) => connect<TrainerCalls>(worker).call('nothing', {});
// @ts-expect-error a seed is a number
export const wrongFlags: TrainFlags = { batch: 8, segment: 32, seed: 'one' };
`;

test('a program compiles against the types, without those of Node', () => {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  // Within the package its own name leads to its doors.
  const folder = mkdtempSync(join(ROOT, 'build', 'library-'));
  try {
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { target: 'es2022', lib: ['es2023', 'dom'], module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: [], typeRoots: [join(ROOT, 'types', 'no-node')] },
      files: ['program.ts'],
    }));
    const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
