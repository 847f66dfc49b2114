import type { Command } from 'commander';
import { cleanPrompt } from '../../corpus/index.js';
import type { DeviceClient, DeviceSettings, GenerateResult, Transport } from '../../device/index.js';
import { TinyLMError } from '../../model/errors.js';
import { interactiveChat } from '../chat-session.js';
import { openEngine } from '../engine.js';
import { gatherReport, reportText } from '../../board/report.js';
import { verb, type Context } from '../context.js';
import { addPortOptions, tokenOption, type PortOptions } from '../device-port.js';
import { addSettingOptions, givenSettings, type SettingOptions } from '../device-settings.js';
import { benchLine, resultLine, statusLines, streamText } from '../device-text.js';
import { EXIT, UsageError } from '../errors.js';
import { beforeLeaving, onCancel } from '../interrupt.js';
import { openTlm } from '../model-source.js';
import { addOptions } from '../options.js';
import { findPort, reach, requireModel, withRemedy, type Reached } from '../reach.js';
import { tokenOf } from '../secret.js';
import { unescapeText, wholeNumber } from '../values.js';
import { VERSION } from '../../run/version.js';

export interface ChatOptions extends PortOptions, SettingOptions {
  token?: string;
  prompt?: string;
  echo?: boolean;
  info?: boolean;
  /** tokens; true for the usual number */
  bench?: number | true;
  /** the model on the board, to compare with; true for none */
  report?: string | true;
  history: boolean;
  json?: boolean;
}

const BENCH_TOKENS = 64;

export function chatCommand(context: Context): Command {
  const command = verb('chat', "Talk to a device that runs TinyLM's firmware: its text streams back as it is made.", [
    'tinylm chat',
    'tinylm chat --port /dev/ttyACM0 --temperature 0.6',
    'tinylm chat --host tinylm.local --prompt "Once there was a" --seed 7 --json',
    'tinylm chat --port COM3 < prompts.txt',
    'tinylm chat --port /dev/ttyACM0 --bench 200',
    'tinylm chat --report run/demo',
  ]);
  addPortOptions(command)
    .addOption(tokenOption())
    .option(
      '-p, --prompt <text>',
      'one text and no conversation: what to go on from (\\n is a new line), or - for ' +
        'all of standard input; without this each line of a piped standard input is a prompt',
    );
  addSettingOptions(command)
    .option('--echo', 'write the prompt before the text')
    .option('--info', 'only say what the device is and holds')
    .option('--bench [tokens]', `only measure its speed, over so many tokens (${BENCH_TOKENS})`, wholeNumber(1, 10_000))
    .option(
      '--report [model]',
      'only gather a report of the board to paste into an issue; with the model that is on ' +
        "it, also whether its text is the host's",
    )
    .option('--no-history', 'do not keep the lines typed for the next time');
  addOptions(command, ['json'], { json: { about: 'print the results as JSON, one object a line for each prompt' } });
  return command.action((options: ChatOptions) => chat(context, options));
}

async function chat(context: Context, options: ChatOptions): Promise<void> {
  const asked = [options.prompt, options.info, options.bench, options.report].filter((o) => o !== undefined).length;
  if (asked > 1) throw new UsageError('more than one of --prompt, --info, --bench and --report', 'give one of them');
  await chatOver(context, options, await findPort(options, context.terminal));
}

/** The verb, over any transport. @param patience for tests: see {@link reach} */
export async function chatOver(
  context: Context,
  options: ChatOptions,
  transport: Transport,
  patience?: readonly number[],
): Promise<void> {
  const token = await tokenOf(context, options.token);
  const reached = await reach(transport, { token, ...(patience && { patience }) });
  try {
    await talk(context, options, transport, reached);
  } catch (error) {
    throw withRemedy(error, transport);
  } finally {
    await reached.client.close();
  }
}

async function talk(context: Context, options: ChatOptions, transport: Transport, reached: Reached): Promise<void> {
  const { terminal, stdin } = context;
  const { client, status } = reached;
  if (options.info) {
    if (options.json) terminal.json(status);
    else for (const line of statusLines(status)) terminal.out(line.slice(2));
    return;
  }
  if (options.bench !== undefined) {
    requireModel(status, transport);
    const tokens = options.bench === true ? BENCH_TOKENS : options.bench;
    const { done, value } = await cancellable(context, client, client, () => client.bench(tokens));
    if (options.json) terminal.json(value);
    else terminal.out(benchLine(value));
    if (!done) context.exitCode = EXIT.interrupted;
    return;
  }
  if (options.report !== undefined) {
    const tlm = options.report === true ? undefined : openTlm(options.report).bytes;
    requireModel(status, transport);
    const about = { tinylm: VERSION, transport: transport.name, status, tlm, open: openEngine };
    const { done, value } = await cancellable(context, client, client, () => gatherReport(client, about));
    if (options.json) terminal.json(value);
    else terminal.out(reportText(value, `Node ${process.version}, ${process.platform} ${process.arch}`));
    context.exitCode = !done ? EXIT.interrupted : value.same === false ? EXIT.failed : 0;
    return;
  }
  const settings = givenSettings(options);
  if (options.prompt === undefined && (stdin as { isTTY?: boolean }).isTTY) {
    if (options.json) throw new UsageError('--json is for scripts', 'give --prompt, or pipe prompts into it');
    await interactiveChat({ context, transport, reached, settings, history: options.history });
    return;
  }
  requireModel(status, transport);
  let first = true;
  let told = false;
  for await (const given of prompts(options, stdin)) {
    const { text: prompt, said } = cleanPrompt(given, status.model.tokenizer);
    if (said !== undefined && !told) terminal.note(said);
    told ||= said !== undefined;
    if (!first && !options.json) await terminal.stream('\n');
    first = false;
    if (!(await answer(context, client, prompt, settings, options))) break;
  }
  if (first) terminal.warn('standard input has no prompt: each line of it is one; --prompt "" generates from nothing');
}

/** `--prompt`, or all of stdin, or stdin's lines as they come; empty lines are none. */
async function* prompts({ prompt }: ChatOptions, stdin: Context['stdin']): AsyncGenerator<string> {
  if (prompt !== undefined && prompt !== '-') {
    yield unescapeText(prompt);
    return;
  }
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stdin) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (prompt === '-') continue;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') yield line;
  }
  rest += decoder.decode();
  // The line end that a shell adds is not meant.
  if (prompt === '-') yield rest.replace(/\r?\n$/, '');
  else if (rest !== '') yield rest;
}

/** Ctrl-C cancels on the device and keeps what came; so does a reader of the output that leaves. */
async function cancellable<T>(
  { terminal }: Context,
  client: DeviceClient,
  runs: { cancel(): Promise<void> },
  body: () => Promise<T>,
): Promise<{ done: boolean; value: T }> {
  let done = true;
  const off = onCancel(terminal, () => {
    done = false;
    // A device that does not even answer this is given up: what waits for it ends then.
    runs.cancel().catch(() => client.close());
  });
  const stay = beforeLeaving(() => runs.cancel());
  try {
    return { value: await body(), done };
  } finally {
    off();
    stay();
  }
}

/** One prompt's text. @returns whether to go on with the next */
async function answer(
  context: Context,
  client: DeviceClient,
  prompt: string,
  settings: Partial<DeviceSettings>,
  { json, echo }: ChatOptions,
): Promise<boolean> {
  const { terminal } = context;
  const generation = client.generate(prompt, settings);
  if (echo && !json) await terminal.stream(prompt);
  let text = '';
  const whole = async (): Promise<GenerateResult> => {
    for await (const piece of generation) text += piece;
    return generation.result;
  };
  const line = (rest: object): void => terminal.jsonLine({ prompt, text: (echo ? prompt : '') + text, ...rest });
  try {
    const { value, done } = await cancellable(context, client, generation, () =>
      json ? whole() : streamText(terminal, generation),
    );
    if (json) {
      const { prompt_tokens: promptTokens, tokens_per_second: tokensPerSecond, ...rest } = value;
      line({ ...rest, promptTokens, tokensPerSecond });
    } else terminal.note(resultLine(value));
    if (!done) context.exitCode = EXIT.interrupted;
    return done;
  } catch (error) {
    if (json && error instanceof TinyLMError) line({ error: { code: error.code, message: error.message } });
    throw error;
  }
}
