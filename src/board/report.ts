/** What a board is, how fast it is, and whether it tells the host's text: a report to paste into an issue. */
import type { BenchResult, DeviceClient, DeviceStatus, GenerateResult } from '../device/index.js';
import type { EngineModel, OpenEngine } from '../run/engine-model.js';
import { count, speed } from '../run/words.js';

/** The text that every report has: the same prompt, seed and settings on every board. */
export const REPORT_TEXT = {
  prompt: 'Once',
  settings: { seed: 7, length: 60, temperature: 0.5, top_k: 40, top_p: 0, penalty: 1, penalty_window: 0, stop: '' },
} as const;
const BENCH_TOKENS = 64;

export interface BoardReport {
  readonly tinylm: string;
  readonly transport: string;
  readonly status: DeviceStatus;
  readonly bench: BenchResult;
  readonly text: string;
  readonly result: GenerateResult;
  /** whether the host tells the same text; null when there was no model to compare with, or another one */
  readonly same: boolean | null;
  /** the host's text, when it was compared */
  readonly host: string | null;
  /** why it was not compared */
  readonly why: string | null;
  /** It was a virtual chip; with the speed that is modelled for a real one, if it is known. */
  readonly virtual?: { readonly modelled?: number };
}

/** The last four bytes of a .tlm, as a device writes them: the file's identity. */
const crcOf = (tlm: Uint8Array): string =>
  new DataView(tlm.buffer, tlm.byteOffset)
    .getUint32(tlm.length - 4, true)
    .toString(16)
    .padStart(8, '0');

/**
 * Asks the device for all of it.
 * @param tlm the model that is on the board, to compare with; may be another one
 * @throws TinyLMError when the device does not answer
 */
export async function gatherReport(
  client: DeviceClient,
  about: { tinylm: string; transport: string; status: DeviceStatus; tlm: Uint8Array | undefined; open: OpenEngine },
): Promise<BoardReport> {
  const { tlm, status, open, ...rest } = about;
  const bench = await client.bench(BENCH_TOKENS);
  const generation = client.generate(REPORT_TEXT.prompt, REPORT_TEXT.settings);
  let text = '';
  for await (const piece of generation) text += piece;
  const result = await generation.result;
  const { crc } = status.model;
  const why =
    tlm === undefined
      ? 'no model given: tinylm chat --report MODEL, the one that is on the board'
      : crcOf(tlm) === crc
        ? null
        : `the model given has CRC ${crcOf(tlm)}, the board's ${crc}`;
  const host = why === null ? hostText(await open(tlm!)) : null;
  return { ...rest, status, bench, text, result, host, same: host === null ? null : host === text, why };
}

/** The text of the report on this computer. */
function hostText(model: EngineModel): string {
  const { seed, length, temperature, top_k: topK, top_p: topP, penalty } = REPORT_TEXT.settings;
  return model.generate(REPORT_TEXT.prompt, {
    seed,
    temperature,
    topK,
    topP,
    maxTokens: length,
    repetitionPenalty: penalty,
  }).text;
}

const fence = (text: string): string => `\`\`\`text\n${text.replaceAll('```', '`\u200b``')}\n\`\`\``;

/** The report as Markdown. @param host what it was made on, e.g. "Node v20.10.0, linux x64" */
export function reportText(report: BoardReport, host: string): string {
  const { status, bench, result, same, host: hostSaid, why } = report;
  const { model, ram, device } = status;
  const shape = `vocabulary ${model.vocab}, embedding ${model.dim}, hidden ${model.hidden}, layers ${model.layers}`;
  const cost = bench.per_token ? `, ${count(bench.per_token)} ${bench.counter ?? 'cycles'} a token` : '';
  const rows: [string, string][] = [
    ['tinylm', `${report.tinylm} (${host})`],
    ['firmware', `${status.name} ${status.version}, protocol ${status.protocol}, over ${report.transport}`],
    ...Object.entries(device).map(([key, value]): [string, string] => [
      key.replaceAll('_', ' '),
      typeof value === 'number' ? count(value) : String(value),
    ]),
    ['model', `${count(model.bytes ?? 0)} bytes, CRC ${model.crc}, ${shape}`],
    report.virtual === undefined
      ? ['speed', `${speed(bench.tokens_per_second)} over ${count(bench.tokens)} tokens${cost}`]
      : [
          'speed',
          `none: a virtual chip, whose clock counts an instruction a cycle${cost}` +
            (report.virtual.modelled === undefined
              ? ''
              : `; modelled for a real one: ${speed(report.virtual.modelled)}`),
        ],
    ['memory', `engine ${count(ram.engine)} of ${count(ram.engine_limit)} bytes, application ${count(ram.app)}`],
    ['flash for models', `${count(status.storage_bytes)} bytes`],
    ['up', `${count(status.uptime_s)} s`],
    ["text equals the host's", same === null ? `not compared (${why})` : same ? 'yes' : 'NO'],
  ];
  const said = `"${REPORT_TEXT.prompt}", seed ${result.seed}, ${count(result.tokens)} tokens, ended: ${result.reason}`;
  return [
    '### TinyLM board report',
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([key, value]) => `| ${key} | ${value.replaceAll('|', '\\|')} |`),
    '',
    `Text (${said}):`,
    '',
    fence(REPORT_TEXT.prompt + report.text),
    ...(same === false ? ['', "The host's:", '', fence(REPORT_TEXT.prompt + hostSaid!)] : []),
  ].join('\n');
}
