/** A device in memory that says what a test wants, in the frames of SPEC.md 6.3. */
import { encodeFrame, FrameReader, PROTOCOL } from '../../src/device/protocol.js';
import { FakeTransport } from '../../src/device/transport.js';

export interface FakeDeviceOptions {
  /** the text, in pieces */
  readonly pieces?: readonly string[];
  /** after them: done, the connection is lost, or nothing until it is cancelled */
  readonly then?: 'done' | 'drop' | 'wait';
  /** whether cancel is answered; default true */
  readonly cancels?: boolean;
  /** bytes of a chunk that the host receives */
  readonly chunk?: number;
  /** requests for info that are not heard, as by a chip that still boots */
  readonly deaf?: number;
  /** the version of its protocol */
  readonly protocol?: number;
  /** what it says before the first answer */
  readonly boot?: string;
}

const RESULT = { prompt_tokens: 1, tokens: 2, ms: 3, tokens_per_second: 4.5, seed: 6 };
export const FAKE_STATUS = {
  name: 'tinylm',
  version: '0',
  protocol: 1,
  storage_bytes: 4096,
  ram: { engine: 1, engine_limit: 2, app: 3 },
  model: { state: 'ready', bytes: 4, crc: '00000000', vocab: 1, dim: 1, hidden: 1, layers: 1, weights: 1 },
  settings: { keep: false },
  busy: false,
  uptime_s: 1,
  device: { chip: 'fake' },
};

/** @returns the transport, and the types of the messages that it got */
export function fakeDevice(options: FakeDeviceOptions = {}): { transport: FakeTransport; asked: number[] } {
  const { pieces = [], then = 'done', cancels = true, chunk, boot, protocol = 1 } = options;
  let { deaf = 0 } = options;
  const reader = new FrameReader();
  const asked: number[] = [];
  let running = 0;
  const transport = new FakeTransport(
    (data) => {
      for (const received of reader.push(data)) if (received.kind === 'frame') answer(received.frame);
    },
    { name: '/dev/ttyFAKE', ...(chunk !== undefined && { chunk }) },
  );
  const send = (type: number, sequence: number, value: unknown): void =>
    transport.send(
      encodeFrame({ type, sequence, payload: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) }),
    );
  const { MSG_DATA, MSG_DONE, MSG_ERROR } = PROTOCOL;
  function answer({ type, sequence }: { type: number; sequence: number }): void {
    asked.push(type);
    switch (type) {
      case PROTOCOL.MSG_INFO:
        if (boot !== undefined) transport.send(Buffer.from(boot));
        if (deaf-- > 0) return;
        send(MSG_DATA, sequence, { ...FAKE_STATUS, protocol });
        send(MSG_DONE, sequence, '');
        break;
      case PROTOCOL.MSG_GENERATE:
        running = sequence;
        for (const piece of pieces) send(MSG_DATA, sequence, piece);
        if (then === 'done') send(MSG_DONE, sequence, { reason: 'end', ...RESULT });
        // Later than the pieces, which come one by one when they are in chunks.
        if (then === 'drop') setTimeout(() => transport.drop(), 20);
        break;
      case PROTOCOL.MSG_CANCEL:
        if (!cancels) return;
        send(MSG_DONE, running, { reason: 'cancelled', ...RESULT });
        send(MSG_DONE, sequence, '');
        break;
      case PROTOCOL.MSG_RESET:
      case PROTOCOL.MSG_PROMPT:
      case PROTOCOL.MSG_AUTH:
        send(MSG_DONE, sequence, '');
        break;
      case PROTOCOL.MSG_SETTINGS:
        send(MSG_DONE, sequence, FAKE_STATUS.settings);
        break;
      default:
        send(MSG_ERROR, sequence, { code: 'unknown', message: 'unknown' });
    }
  }
  return { transport, asked };
}
