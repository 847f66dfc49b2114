/** What the chip worker answers: finding, flashing and talking to a chip, over a port that may be a virtual one's. */
import { gatherReport, reportText } from '../board/index.js';
import { TinyLMError } from '../model/errors.js';
import { VERSION } from '../run/index.js';
import type { Handlers } from './calls.js';
import type { ChipCalls } from './protocol.js';
import { ChipSession, type ChipTools } from './chip-session.js';

export type { ChipTools };

/** @param tools handed in, so that tests need no browser */
export function chipHandlers(tools: ChipTools): Handlers<ChipCalls> {
  const session = new ChipSession(tools);
  return {
    async 'chip/port'(ask) {
      await session.take(ask);
      return {};
    },
    async 'chip/close'() {
      await session.close();
      return {};
    },
    'chip/detect': (_, telling) => session.detect(telling),
    'chip/fits': (ask) => session.fits(ask),
    'chip/flash': (ask, telling) => session.flash(ask, telling),
    'chip/info': () => session.info(),
    async 'chip/chat'({ prompt, goOn = false, settings = {} }, { tell, signal }) {
      const generation = (await session.client()).generate(prompt, { goOn, ...settings });
      const cancel = (): void => void generation.cancel().catch(() => undefined);
      signal.addEventListener('abort', cancel);
      if (signal.aborted) cancel();
      try {
        for await (const text of generation) tell({ text });
        return await generation.result;
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    async 'chip/settings'({ change = {}, save = false }) {
      if (save)
        throw new TinyLMError(
          'settings-save',
          'the firmware keeps settings until it restarts, no longer',
          'set them again then',
        );
      return (await session.client()).set(change);
    },
    async 'chip/wifi'({ ssid, password }) {
      const client = await session.client();
      await client.config({ ssid, password });
      // It may be gone before its answer is.
      await client.restart().catch((error: unknown) => {
        if (
          !(error instanceof TinyLMError) ||
          !['port-lost', 'port-closed', 'device-silent', 'device-unsupported'].includes(error.code)
        )
          throw error;
      });
      return {};
    },
    async 'chip/bench'({ tokens }) {
      return (await session.client()).bench(tokens);
    },
    async 'chip/report'({ tlm, virtual }) {
      const status = await session.info();
      const about = { tinylm: VERSION, transport: 'a page', status, tlm, open: tools.open };
      const report = await gatherReport(await session.client(), about);
      const { bench, text, result, same } = report;
      const why = tlm === undefined ? 'no model was given to compare with' : report.why;
      return {
        status,
        bench,
        text,
        result,
        same,
        why,
        markdown: reportText({ ...report, why, ...(virtual && { virtual }) }, tools.host),
      };
    },
  };
}
