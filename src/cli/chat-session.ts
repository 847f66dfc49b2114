/** A conversation with a device at a terminal: prompts, and commands that begin with a slash. */
import { basename } from 'node:path';
import type { DeviceModel, DeviceSettings, GenerateOptions, Transport } from '../device/index.js';
import { cleanPrompt } from '../corpus/index.js';
import { TinyLMError } from '../model/errors.js';
import type { Context } from './context.js';
import { parseSetting, settingLines } from './device-settings.js';
import { benchLine, modelWords, resultLine, statusLines, streamText } from './device-text.js';
import { reportError } from './errors.js';
import { historyPath, LineEditor } from './line-editor.js';
import { openTlm } from './model-source.js';
import { requireModel, withRemedy, type Reached } from './reach.js';
import { SECRET_LINE } from './secret.js';
import { styled, type Terminal } from './terminal.js';
import { bytesText, count, wholeNumber } from './values.js';
import { visibleLine } from './visible.js';

const HELP: readonly [string, string][] = [
  ['text', 'the device goes on from it; Ctrl-C ends its text (//… for a text that begins with /)'],
  ['/continue', 'goes on with the last text'],
  ['/continuous [text]', 'without end; lines typed meanwhile go into the text; Ctrl-C ends it'],
  ['/generate', 'from nothing'],
  ['/set [name value]', 'shows the settings, or changes one for this chat'],
  ['/unset name', 'as the device is set'],
  ['/seed [n]', 'the same text for the same prompt; without a number: random again'],
  ['/settings', 'shows the settings; * marks those of this chat'],
  ['/save', 'keeps the settings of this chat on the device until it restarts'],
  ['/new', 'begins a new conversation (matters with /set keep on)'],
  ['/info', 'what the device is and holds'],
  ['/bench [tokens]', 'its speed, over 64 tokens or so many'],
  ['/load model', 'sends another model: a run folder, a .tlm file, a checkpoint or a name (tinylm models)'],
  ['/quit', 'leaves; so do Ctrl-D, and Ctrl-C twice'],
];

export interface SessionOptions {
  readonly context: Context;
  readonly transport: Transport;
  readonly reached: Reached;
  /** given on the command line */
  readonly settings: Partial<DeviceSettings>;
  /** whether lines are kept for the next time */
  readonly history: boolean;
}

/** Talks until the person leaves. @throws TinyLMError `port-lost` when the device went away */
export async function interactiveChat(options: SessionOptions): Promise<void> {
  const { context, transport, reached, history } = options;
  const { terminal } = context;
  const { status } = reached;
  const what = `${status.name} ${status.version}; model ${modelWords(status)}`;
  terminal.note(`${transport.name}: ${what}. /help lists the commands.`);
  try {
    requireModel(status, transport);
  } catch (error) {
    reportError(error, terminal); // commands work without one, and /load sends one
  }
  const editor = new LineEditor({
    input: context.stdin as unknown as NodeJS.ReadStream,
    output: terminal.stdout.isTTY ? terminal.stdout : terminal.stderr,
    prompt: '> ',
    words: HELP.slice(1).map(([command]) => command.split(' ')[0]),
    history: history ? historyPath() : undefined,
    secret: (line) => SECRET_LINE.test(line),
  });
  let lost: TinyLMError | undefined;
  const off = transport.onClose((error) => {
    lost = error;
    editor.close();
  });
  try {
    const session = new Session(options, editor);
    for (;;) {
      const line = await editor.ask();
      if (line === undefined) break;
      try {
        if (!(await session.handle(line))) break;
      } catch (error) {
        if (lost) break;
        if (!(error instanceof TinyLMError)) throw error;
        reportError(withRemedy(error, transport), terminal);
      }
    }
  } finally {
    off();
    editor.close();
  }
  if (lost) throw lost;
}

class Session {
  readonly #terminal: Terminal;
  readonly #reached: Reached;
  readonly #editor: LineEditor;
  #own: Partial<DeviceSettings>;
  /** of the model in use: prompts are cleaned for it */
  #tokenizer: DeviceModel['tokenizer'];
  /** whether this conversation has begun: its seed counts at the beginning only */
  #begun = false;

  constructor({ context, reached, settings }: SessionOptions, editor: LineEditor) {
    this.#terminal = context.terminal;
    this.#reached = reached;
    this.#editor = editor;
    this.#own = { ...settings };
    this.#tokenizer = reached.status.model.tokenizer;
  }

  /** @returns false to leave */
  async handle(line: string): Promise<boolean> {
    if (!line.startsWith('/') || line.startsWith('//')) {
      if (line.trim() !== '') await this.#prompt(line.replace(/^\//, ''));
      return true;
    }
    const [, word, rest] = /^\/(\S*)\s*(.*?)\s*$/.exec(line)!;
    switch (word) {
      case 'quit':
      case 'exit':
        return false;
      case 'help':
        this.#help();
        break;
      case 'continue':
        await this.#speak('', { ...this.#without('seed'), goOn: true });
        break;
      case 'continuous':
        await this.#speak(rest, { ...this.#own, continuous: true });
        break;
      case 'generate':
        await this.#prompt('');
        break;
      case 'set':
        await this.#set(rest);
        break;
      case 'settings':
        await this.#settings();
        break;
      case 'unset':
        this.#own = this.#without(this.#key(rest));
        break;
      case 'seed':
        await this.#set(`seed ${rest === '' ? 'random' : rest}`);
        break;
      case 'save':
        await this.#save();
        break;
      case 'new':
        await this.#new();
        break;
      case 'info':
        await this.#info();
        break;
      case 'bench':
        await this.#bench(rest);
        break;
      case 'load':
        await this.#load(rest);
        break;
      default:
        if (SECRET_LINE.test(line))
          throw new TinyLMError(
            'chat-command',
            `/${word} is no command here: a secret does not belong into a chat, and this line is not kept`,
            'tinylm wifi asks for network, password and token without showing them',
          );
        throw new TinyLMError(
          'chat-command',
          `there is no command /${word}`,
          '/help lists them; a text that begins with / is typed with //',
        );
    }
    return true;
  }

  #help(): void {
    for (const [command, about] of HELP) this.#terminal.note(`  ${command.padEnd(20)} ${about}`);
  }

  #without(key: keyof DeviceSettings): Partial<DeviceSettings> {
    return Object.fromEntries(Object.entries(this.#own).filter(([name]) => name !== key));
  }

  /** The key of a setting by its name; the value does not matter here. */
  #key(name: string): keyof DeviceSettings {
    return parseSetting(name, name === 'keep' ? 'on' : '1').key;
  }

  async #prompt(text: string): Promise<void> {
    const keep = this.#own.keep ?? (await this.#reached.client.set()).keep;
    const goOn = keep && this.#begun;
    await this.#speak(text, { ...(goOn ? this.#without('seed') : this.#own), goOn });
  }

  /** A text, until its end or Ctrl-C; the figures follow. */
  async #speak(typed: string, options: GenerateOptions): Promise<void> {
    const { client } = this.#reached;
    const { text: prompt, said } = cleanPrompt(typed, this.#tokenizer, { goesOn: options.goOn });
    if (said !== undefined) this.#note(said);
    const { keep: _, ...given } = options; // for typed lines only: no setting of a single text
    const generation = client.generate(prompt, given);
    this.#begun = true;
    const say = (line: string): void => {
      this.#terminal.note(styled('dim', line));
      generation.say(`${line}\n`).catch((error: unknown) => reportError(error, this.#terminal));
    };
    const result = await this.#editor.during(
      { interrupt: this.#interrupt(() => generation.cancel()), ...(options.continuous && { line: say }) },
      () => streamText(this.#terminal, generation),
    );
    this.#note(resultLine(result));
  }

  /** For Ctrl-C: the first asks the device; a device that does not answer, or the second, ends the connection. */
  #interrupt(cancel: () => Promise<void>): () => void {
    const give = (): void => void this.#reached.client.close();
    let asked = false;
    return () => {
      if (asked) give();
      else cancel().catch(give);
      asked = true;
    };
  }

  #note(line: string): void {
    this.#terminal.note(styled('dim', `[${visibleLine(line)}]`));
  }

  async #set(words: string): Promise<void> {
    const [, name, text] = /^(\S*)\s*(.*)$/.exec(words)!;
    if (name === '') return this.#settings();
    const { key, value } = parseSetting(name, text);
    this.#own = { ...this.#own, [key]: value };
    this.#note(`${name} ${JSON.stringify(value)}`);
  }

  async #settings(): Promise<void> {
    const settings = await this.#reached.client.set();
    for (const line of settingLines(settings, this.#own)) this.#terminal.note(line);
  }

  async #save(): Promise<void> {
    await this.#reached.client.set(this.#own);
    this.#own = {};
    this.#note('kept on the device until it restarts');
  }

  async #new(): Promise<void> {
    await this.#reached.client.reset();
    this.#begun = false;
    this.#note('a new conversation');
  }

  async #info(): Promise<void> {
    for (const line of statusLines(await this.#reached.client.info())) this.#terminal.note(line);
  }

  async #bench(words: string): Promise<void> {
    let tokens: number;
    try {
      tokens = words === '' ? 64 : wholeNumber(1, 10_000)(words);
    } catch {
      throw new TinyLMError('chat-command', `/bench ${words}: expected a whole number from 1 to 10000`);
    }
    const { client } = this.#reached;
    const interrupt = this.#interrupt(() => client.cancel());
    this.#note(benchLine(await this.#editor.during({ interrupt }, () => client.bench(tokens))));
  }

  async #load(path: string): Promise<void> {
    if (path === '') throw new TinyLMError('chat-command', '/load without a model', '/load run/demo');
    const { bytes: model, file } = openTlm(path);
    let shown = 0;
    const loaded = await this.#reached.client.uploadModel(model, (sent, total) => {
      const percent = Math.floor((100 * sent) / total);
      if (percent < shown + 10 && percent < 100) return;
      shown = percent;
      this.#note(`${percent} % of ${bytesText(total)}`);
    });
    this.#begun = false;
    this.#tokenizer = file.tokenizer.kind;
    this.#note(`${basename(path)} is in use: ${count(loaded.bytes ?? 0)} bytes, CRC ${loaded.crc}`);
  }
}
