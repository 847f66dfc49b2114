import type { Command } from 'commander';
import type { DeviceClient, DeviceSettings, GenerateResult } from '../../device/index.js';
import { VirtualBoard, type BoardState } from '../../device/chip/index.js';
import { withFlasher } from '../../device/flash/index.js';
import type { ModelConfig } from '../../model/index.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import { allParts, modelPart, type ModelBlob } from '../../board/flash-plan.js';
import { directBootFirmware, loadModel } from '../flash-files.js';
import { showFlashing } from '../flash-progress.js';
import { onCancel, onceInterrupted } from '../interrupt.js';
import { addOptions, SAMPLING_OPTIONS } from '../options.js';
import { reach, requireModel } from '../reach.js';
import { servePty, serveTcp } from '../serve-board.js';
import { reportSimulation, showReport, type SimulationReport } from '../simulation-report.js';
import { unescapeText, wholeNumber } from '../values.js';
import { chatOver } from './chat.js';

interface Options {
  pty?: boolean;
  tcp?: number;
  prompt?: string;
  tokens: number;
  temperature?: number;
  topK?: number;
  topP: number;
  repetitionPenalty?: number;
  seed: number;
  stop?: string;
  echo: boolean;
  report: boolean;
  verbose?: boolean;
  json?: boolean;
}

const NAME = 'virtual ESP32-C3';

const STATES: Readonly<Record<BoardState, string>> = {
  off: 'off',
  download: 'in the flash loader',
  running: 'boots',
  stopped: 'stopped',
};

export function simulateCommand(context: Context): Command {
  const about = 'Run a model on a virtual ESP32-C3, machine code and all: flash it, boot it, talk to it.';
  const command = verb('simulate', about, [
    'tinylm simulate run/demo',
    'tinylm simulate run/demo --prompt "Once there was a" --seed 7',
    'tinylm simulate --pty',
    'tinylm simulate run/demo --tcp 4000 --json',
  ]).argument(
    '[model]',
    'a run folder, a .tlm file, a checkpoint or a name (tinylm models); with --pty or --tcp none is needed',
  );
  command
    .option(
      '--pty',
      'serve the board at a pseudo-terminal for flash, chat and monitor, until Ctrl-C; without a model it is empty',
    )
    .option('--tcp <port>', 'the same at a TCP port of this computer; 0 for any free one', wholeNumber(0, 65_535))
    .option('-p, --prompt <text>', 'one text and no conversation: what to go on from (\\n is a new line)')
    .option('-n, --tokens <n>', 'most tokens to generate', wholeNumber(1, 65_535), 256);
  addOptions(command, [...SAMPLING_OPTIONS]);
  command
    .option('--stop <text>', 'end before this text, at most 32 bytes')
    .option('--no-echo', 'leave out the prompt')
    .option('--no-report', 'do not measure what a token costs')
    .option('--verbose', 'all that was counted, and every input of the modelled speeds');
  addOptions(command, ['json']);
  return command.action((path: string | undefined, options: Options) => simulate(context, command, path, options));
}

async function simulate(context: Context, command: Command, path: string | undefined, options: Options): Promise<void> {
  const serving = options.pty === true || options.tcp !== undefined;
  if (options.pty && options.tcp !== undefined) throw new UsageError('both --pty and --tcp, expected one');
  if (serving && options.prompt !== undefined)
    throw new UsageError('--prompt with --pty or --tcp', 'tinylm chat --prompt talks to a board that is served');
  if (!serving && path === undefined)
    throw new UsageError('expected a model', 'tinylm demo makes one; --pty serves a board with empty flash');
  if (!serving && options.json && options.prompt === undefined)
    throw new UsageError('--json is for scripts', 'give --prompt');
  const model = path === undefined ? undefined : await loadModel(path);
  const { terminal } = context;
  let tell = false;
  const board = new VirtualBoard({
    syncEntersDownload: serving,
    onState: (state, why) => tell && terminal.note(`board: ${STATES[state]} (${why})`),
  });
  board.powerOn();
  try {
    if (model) await flashBoard(context, board, model);
    tell = serving;
    if (serving) await serve(context, board, model !== undefined, options);
    else if (options.prompt !== undefined) await oneText(context, board, model!, options);
    else await conversation(context, board, model!, command, options);
  } finally {
    tell = false;
    board.powerOff();
  }
}

/** By the same code, and the real esptool-js, as any board. */
async function flashBoard({ terminal }: Context, board: VirtualBoard, model: ModelBlob): Promise<void> {
  const firmware = directBootFirmware();
  const parts = allParts(firmware, modelPart(model, firmware.partitions, firmware.engineLimit));
  const port = board.port(NAME);
  const display = showFlashing(terminal, NAME, parts);
  try {
    const options = { port, expectChip: firmware.chip, onProgress: display.progress };
    await withFlasher(options, (flasher) => flasher.write(parts));
  } finally {
    display.end();
  }
}

async function serve({ terminal }: Context, board: VirtualBoard, model: boolean, options: Options): Promise<void> {
  const { pty, tcp, json } = options;
  const served = pty ? await servePty(board) : await serveTcp(board, tcp!);
  try {
    const address = served.option.split(' ')[1];
    if (json) terminal.json({ address, pid: process.pid });
    else terminal.out(address);
    terminal.note(`A virtual ESP32-C3 ${model ? 'runs TinyLM' : 'with empty flash is there'} until Ctrl-C.`);
    terminal.note('In another terminal:');
    terminal.note(`  tinylm flash <model> ${model ? '' : '--direct-boot '}${served.option}`);
    terminal.note(`  tinylm chat ${served.option}`);
    terminal.note(`  tinylm monitor ${served.option}`);
    await onceInterrupted();
  } finally {
    served.close();
  }
}

async function oneText(context: Context, board: VirtualBoard, model: ModelBlob, options: Options): Promise<void> {
  const { terminal } = context;
  const transport = board.port(NAME);
  const { client, status } = await reach(transport);
  try {
    requireModel(status, transport);
    const prompt = unescapeText(options.prompt!);
    const { text, result } = await generate(context, client, prompt, options);
    if (result.reason === 'cancelled') context.exitCode = EXIT.interrupted;
    const report = options.report ? await measure(client, board, model.config!) : undefined;
    if (options.json) terminal.json({ prompt, text, ...result, report: report ?? null });
    else if (report) showReport(terminal, report, options.verbose);
  } finally {
    await client.close();
  }
}

/** As `tinylm generate` writes it, character by character. */
async function generate(
  { terminal }: Context,
  client: DeviceClient,
  prompt: string,
  options: Options,
): Promise<{ text: string; result: GenerateResult }> {
  const write = async (text: string): Promise<void> => {
    if (!options.json) await terminal.stream(text);
  };
  const generation = client.generate(prompt, settingsOf(options));
  const off = onCancel(terminal, () => void generation.cancel().catch(() => client.close()));
  try {
    if (options.echo) await write(prompt);
    let text = '';
    for await (const piece of generation) {
      text += piece;
      await write(piece);
    }
    await write('\n');
    return { text, result: await generation.result };
  } finally {
    off();
  }
}

/** What was not given is as the model says, on the board as here. */
function settingsOf({ temperature, topK, repetitionPenalty, ...options }: Options): Partial<DeviceSettings> {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { top_k: topK }),
    top_p: options.topP,
    ...(repetitionPenalty !== undefined && { penalty: repetitionPenalty }),
    seed: options.seed,
    length: options.tokens,
    stop: options.stop === undefined ? '' : unescapeText(options.stop),
  };
}

async function conversation(
  context: Context,
  board: VirtualBoard,
  model: ModelBlob,
  command: Command,
  options: Options,
): Promise<void> {
  // What was not given is the device's: a random seed above all, so that a prompt typed again gives another text.
  const given = Object.fromEntries(
    ['tokens', 'temperature', 'topK', 'topP', 'repetitionPenalty', 'seed', 'stop']
      .filter((name) => command.getOptionValueSource(name) === 'cli')
      .map((name) => [name, options[name as keyof Options]]),
  );
  await chatOver(context, { ...given, history: true }, board.port(NAME));
  if (!options.report) return;
  const { client } = await reach(board.port(NAME));
  try {
    showReport(context.terminal, await measure(client, board, model.config!), options.verbose);
  } finally {
    await client.close();
  }
}

/** The device's own figures, after it has worked; and a copy of its flash in a chip that counts. */
async function measure(client: DeviceClient, board: VirtualBoard, config: ModelConfig): Promise<SimulationReport> {
  return reportSimulation(board.chip.flash.bytes, await client.info(), config);
}
