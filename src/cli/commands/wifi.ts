import type { Command } from 'commander';
import type { DeviceClient, Transport } from '../../device/index.js';
import { TinyLMError } from '../../model/errors.js';
import { verb, type Context } from '../context.js';
import { addPortOptions, tokenOption, type PortOptions } from '../device-port.js';
import { UsageError } from '../errors.js';
import { findPort, reach, withRemedy } from '../reach.js';
import { Questions, tokenOf } from '../secret.js';

export interface WifiOptions extends PortOptions {
  token?: string;
  setToken?: boolean;
  hostname?: string;
  forget?: boolean;
  restart: boolean;
}

export function wifiCommand(context: Context): Command {
  const about =
    'Tell a board its Wi-Fi network. The password is asked for: it is not shown, not kept, on no command line.';
  const command = verb('wifi', about, [
    'tinylm wifi',
    'tinylm wifi "my network" --set-token --port /dev/ttyACM0',
    'tinylm wifi "my network" < password.txt',
    'tinylm wifi --forget',
  ]).argument('[network]', "the network's name; asked for without it");
  addPortOptions(command)
    .addOption(tokenOption())
    .option('--set-token', 'also ask for a new token, which changes over the network need from then on')
    .option('--hostname <name>', 'the name of the board in the network: <name>.local')
    .option('--forget', 'no network any more')
    .option('--no-restart', 'do not restart the board: it uses the network after its next start');
  return command.action((network: string | undefined, options: WifiOptions) => wifi(context, network, options));
}

async function wifi(context: Context, network: string | undefined, options: WifiOptions): Promise<void> {
  if (options.forget && network !== undefined)
    throw new UsageError(`--forget and the network ${network}`, 'give one of them');
  await wifiOver(context, network, options, await findPort(options, context.terminal));
}

interface Config {
  ssid?: string;
  password?: string;
  token?: string;
  name?: string;
}

const bytes = (text: string): number => Buffer.byteLength(text);

/** What Wi-Fi itself allows (IEEE 802.11). @throws UsageError with what was found, but for the password */
export function checkWifi({ ssid, password, token, name }: Config): void {
  if (ssid !== undefined && ssid !== '' && bytes(ssid) > 32)
    throw new UsageError(`the network's name has ${bytes(ssid)} bytes, expected 1 to 32`, 'check the name');
  if (password !== undefined && password !== '') {
    const length = bytes(password);
    const key = length === 64 && /^[0-9a-f]+$/i.test(password);
    if (!key && (length < 8 || length > 63 || /[^\x20-\x7e]/.test(password)))
      throw new UsageError(
        `a password of ${length} bytes, expected 8 to 63 printable ASCII characters (or 64 hexadecimal digits)`,
        'an open network has none: leave it empty',
      );
  }
  if (token !== undefined && (bytes(token) < 8 || /[^\x21-\x7e]/.test(token)))
    throw new UsageError(
      'the token is shorter than 8 characters, or has others than printable ASCII',
      'choose a longer one',
    );
  if (name !== undefined && !/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/i.test(name))
    throw new UsageError(`--hostname ${name} is no name`, 'expected at most 32 letters, digits and hyphens');
}

/** Asks for what is missing. */
async function asked(context: Context, network: string | undefined, options: WifiOptions): Promise<Config> {
  const questions = new Questions(context);
  const need = async (question: string, hidden: boolean, what: string): Promise<string> => {
    const answer = await questions.ask(question, hidden);
    if (answer === undefined)
      throw new UsageError(`${what} is missing`, 'type it, or give it as a line of standard input');
    return answer;
  };
  try {
    const config: Config = options.forget ? { ssid: '', password: '' } : {};
    if (options.hostname !== undefined) config.name = options.hostname;
    if (!options.forget && (network !== undefined || (options.hostname === undefined && !options.setToken))) {
      config.ssid = network ?? (await need("The network's name: ", false, "the network's name"));
      if (config.ssid === '')
        throw new UsageError("the network's name is empty", 'tinylm wifi --forget removes a network');
      config.password = await need('Its password (not shown; empty for an open network): ', true, 'the password');
    }
    if (options.setToken)
      config.token = await need('A new token for changes over the network (not shown): ', true, 'the token');
    checkWifi(config);
    return config;
  } finally {
    questions.close();
  }
}

/** The verb, over any transport. @param patience for tests: see {@link reach} */
export async function wifiOver(
  context: Context,
  network: string | undefined,
  options: WifiOptions,
  transport: Transport,
  patience?: readonly number[],
): Promise<void> {
  const { terminal } = context;
  const token = await tokenOf(context, options.token);
  const config = await asked(context, network, options);
  const { client } = await reach(transport, { token, ...(patience && { patience }) });
  try {
    await client.config(config);
    terminal.out(`${transport.name} has answered: kept. ${said(config)}`);
    if (config.ssid || config.token !== undefined)
      terminal.note(
        'Nothing is encrypted, neither on the air between you and the board nor in its memory: use a network whose ' +
          'people you trust, and a password and a token that open nothing else.',
      );
    if (options.restart) await restart(client);
    terminal.note(
      options.restart
        ? 'It starts again, and uses this. tinylm monitor shows whether it connects.'
        : 'It uses this after its next start (/restart in tinylm monitor, or its RESET).',
    );
  } catch (error) {
    throw withRemedy(error, transport);
  } finally {
    await client.close();
  }
}

function said({ ssid, token, name }: Config): string {
  return [
    ...(ssid === undefined ? [] : [ssid === '' ? 'No network.' : `Network ${JSON.stringify(ssid)}.`]),
    ...(token === undefined ? [] : ['A new token.']),
    ...(name === undefined ? [] : [`Name ${name}.`]),
  ].join(' ');
}

/** A board may be gone before its answer is; one that cannot restart itself says so. */
async function restart(client: DeviceClient): Promise<void> {
  const fine = ['port-lost', 'port-closed', 'device-silent', 'device-unsupported'];
  await client.restart().catch((error: unknown) => {
    if (!(error instanceof TinyLMError) || !fine.includes(error.code)) throw error;
  });
}
