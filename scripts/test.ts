/**
 * Runs the compiled tests, dist/test/*.test.js (or those whose name contains an argument), two files at a time.
 * Fails when a test fails, when there was none, and, with CI=true, when one was skipped or left as a to-do.
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

// The trainer's native builds are kept inside the checkout: tests write nothing into the user's home.
process.env['TINYLM_CACHE'] ??= fileURLToPath(new URL('../../build/cache/', import.meta.url));

const folder = fileURLToPath(new URL('../test/', import.meta.url));
const sources = fileURLToPath(new URL('../../test/', import.meta.url));
const wanted = process.argv.slice(2);
const files = (existsSync(folder) ? readdirSync(folder) : [])
  // What was compiled from a test that is gone now is not run.
  .filter((name) => name.endsWith('.test.js') && existsSync(sources + name.replace(/js$/, 'ts')))
  .filter((name) => wanted.length === 0 || wanted.some((w) => name.includes(w)))
  .sort()
  .map((name) => folder + name);

if (files.length === 0) {
  const which = wanted.length > 0 ? ` whose name contains ${wanted.join(' or ')}` : '';
  console.error(`error: no test file${which} in ${folder}\nhint: npm run build compiles them`);
  process.exit(1);
}

interface Outcome {
  name: string;
  file?: string;
  skip?: string | boolean;
  todo?: string | boolean;
  details: { type?: string };
}

/** Tests by outcome; a suite is no test, and neither is a file that only holds tests. */
const passed: Outcome[] = [];
const failed: Outcome[] = [];
const left: Outcome[] = [];
const empty: string[] = [];
const isTest = (o: Outcome): boolean => o.details.type !== 'suite' && !files.includes(o.name);

const stream = run({ files, concurrency: 2 });
stream.on('test:pass', (data) => {
  const outcome = data as Outcome;
  // A file without any test in it passes under its own name.
  if (files.includes(outcome.name)) empty.push(outcome.name);
  if (!isTest(outcome)) return;
  const skipped = outcome.skip !== undefined && outcome.skip !== false;
  const todo = outcome.todo !== undefined && outcome.todo !== false;
  (skipped || todo ? left : passed).push(outcome);
});
stream.on('test:fail', (data) => failed.push(data as Outcome));

const report = stream.compose(new spec());
report.pipe(process.stdout);
report.on('end', () => {
  const strict = process.env.CI === 'true';
  let code = failed.length > 0 ? 1 : 0;
  if (passed.length + failed.length + left.length === 0) {
    console.error('error: no test ran');
    code = 1;
  }
  for (const file of empty) console.error(`error: no test in ${file}`);
  if (empty.length > 0) code = 1;
  if (left.length > 0) {
    console.error(
      `\n${strict ? 'error' : 'note'}: ${left.length} skipped or to do${strict ? ', which CI does not accept' : ''}:`,
    );
    for (const { name, skip, todo } of left) {
      const why = [skip, todo].find((w) => typeof w === 'string');
      console.error(`  ${name}${why === undefined ? '' : `: ${why}`}`);
    }
    if (strict) code = 1;
  }
  process.exitCode = code;
});
