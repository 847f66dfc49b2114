/**
 * fast-check with one seed, so that a test is the same everywhere and a change is judged by what it changes.
 * `TINYLM_SEED=random npm test` (or a number) looks elsewhere; a failure prints the seed that it had.
 */
import fc from 'fast-check';

const asked = process.env['TINYLM_SEED'];
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked ?? 20260101) });

export default fc;
