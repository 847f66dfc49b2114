/** `tinylm chat --report` against the POSIX port of the firmware and the virtual ESP32-C3's words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText, type BoardReport } from '../src/board/report.js';
import { POSIX_TOOLS, SMALL, toolsFor, vector, withDevice } from './firmware-support.js';
import { tinylm } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';

test("the report says what the board is, and that its text is the host's; another model is not compared", async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['tcp'], async (d) => {
    const way = ['chat', '--host', `tcp://127.0.0.1:${d.tcp}`];
    const text = (await loadEngineModel(SMALL)).text('Once', { seed: 7, length: 60 });
    const { code, out } = await tinylm([...way, '--report', SMALL]);
    assert.equal(code, 0);
    assert.ok(out.includes(`Once${text}\n`), out);
    assert.match(out, /^### TinyLM board report\n\n\| \| \|\n\|---\|---\|\n\| tinylm \| .*\n\| firmware \| tinylm /);
    assert.match(out, /\| model \| 5,444 bytes, CRC [0-9a-f]{8}, vocabulary \d+/);
    assert.match(out, /\| speed \| [\d.,]+ tokens\/s over 64 tokens/);
    assert.match(out, /\| memory \| engine [\d,]+ of [\d,]+ bytes/);
    assert.match(out, /\| text equals the host's \| yes \|/);

    const alone = await tinylm([...way, '--report']);
    assert.equal(alone.code, 0);
    assert.match(alone.out, /not compared \(no model given: tinylm chat --report MODEL/);

    const other = await tinylm([...way, '--report', vector('bpe-33'), '--json']);
    const report = JSON.parse(other.out) as BoardReport;
    assert.equal(report.same, null);
    assert.match(report.why!, /^the model given has CRC [0-9a-f]{8}, the board's [0-9a-f]{8}$/);
    assert.equal(report.text, text);

    assert.equal((await tinylm([...way, '--report', '--info'])).code, 2);
    assert.match(
      reportText({ ...report, same: false, host: 'else' }, 'here'),
      /\| NO \|\n[^]*The host's:\n\n```text\nOnceelse\n```$/,
    );
  });
});
