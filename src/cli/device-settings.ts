/** The device's settings (SPEC.md 6.5) under the names that `tinylm generate` has for them. */
import { STOP_MAX } from '../engine/index.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { DeviceSettings } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';
import { addOptions, OPTIONS, SAMPLING_OPTIONS } from './options.js';
import { unescapeText, wholeNumber } from './values.js';

interface Setting {
  readonly key: keyof DeviceSettings;
  readonly about: string;
  /** @throws InvalidArgumentError for what is out of range */
  readonly parse: (text: string) => number | string | boolean;
}

const TOKENS_MAX = 65_535;

function parseTemperature(text: string): number {
  const value = OPTIONS.temperature.parse(text) as number;
  if (value !== 0 && value < 0.05) throw new InvalidArgumentError('Expected 0, or a number from 0.05 to 10.');
  return value;
}

function parseStop(text: string): string {
  const stop = unescapeText(text);
  const bytes = Buffer.byteLength(stop);
  if (bytes > STOP_MAX) throw new InvalidArgumentError(`Expected at most ${STOP_MAX} bytes of UTF-8, found ${bytes}.`);
  return stop;
}

function parseSwitch(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Expected on or off.');
  return text === 'on';
}

const wholeSeed = OPTIONS.seed.parse as (text: string) => number;
const parseTokens = wholeNumber(1, TOKENS_MAX);

/** By the name that people type. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  temperature: { key: 'temperature', about: '0 (always the likeliest token), 0.05 to 10', parse: parseTemperature },
  'top-k': {
    key: 'top_k',
    about: 'draw among the k likeliest tokens only; 0 for all',
    parse: OPTIONS.topK.parse as Setting['parse'],
  },
  'top-p': {
    key: 'top_p',
    about: 'draw among the likeliest tokens that make up p; 1 for all',
    parse: OPTIONS.topP.parse as Setting['parse'],
  },
  'repetition-penalty': {
    key: 'penalty',
    about: 'make recent tokens less likely; 1 (off) to 4',
    parse: OPTIONS.repetitionPenalty.parse as Setting['parse'],
  },
  'penalty-window': { key: 'penalty_window', about: 'how many tokens are recent, 0 to 64', parse: wholeNumber(0, 64) },
  seed: {
    key: 'seed',
    about: 'a number: the same text for the same prompt; or random',
    parse: (text) => (text === 'random' ? text : wholeSeed(text)),
  },
  tokens: { key: 'length', about: `most tokens of a text, 1 to ${TOKENS_MAX}`, parse: parseTokens },
  stop: { key: 'stop', about: `end before this text, at most ${STOP_MAX} bytes`, parse: parseStop },
  keep: { key: 'keep', about: 'on: a prompt goes on with the conversation', parse: parseSwitch },
};

/**
 * A setting as a person writes it; the protocol's names (top_k, length) are taken too.
 * @throws TinyLMError `setting`
 */
export function parseSetting(name: string, text: string): { key: Setting['key']; value: number | string | boolean } {
  const plain = name.toLowerCase();
  const names = Object.keys(SETTINGS).join(', ');
  const setting = SETTINGS[plain.replace(/_/g, '-')] ?? Object.values(SETTINGS).find((s) => s.key === plain);
  if (!setting) throw new TinyLMError('setting', `there is no setting ${name}`, `expected one of ${names}`);
  try {
    return { key: setting.key, value: setting.parse(text) };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new TinyLMError('setting', `${name} cannot be ${text || 'empty'}`, `e${error.message.slice(1)}`);
  }
}

/** Settings with the names that people type, a line each; `own` are those that this chat changed. */
export function settingLines(settings: DeviceSettings, own: Partial<DeviceSettings>): string[] {
  return Object.entries(SETTINGS).map(([name, { key, about }]) => {
    const value = own[key] ?? settings[key];
    const text = key === 'stop' ? JSON.stringify(value) : key === 'keep' ? (value ? 'on' : 'off') : String(value);
    return `  ${name.padEnd(19)} ${text.padEnd(9)} ${key in own ? '*' : ' '} ${about}`;
  });
}

export interface SettingOptions {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly seed?: number;
  readonly tokens?: number;
  readonly stop?: string;
}

/** The options of `generate` that a device has too, without defaults: what is not given stays as the device has it. */
export function addSettingOptions(command: Command): Command {
  const tokens = new Option('-n, --tokens <n>', 'most tokens to generate (default: as the device is set, 200)');
  command.addOption(tokens.argParser(parseTokens));
  const unset = Object.fromEntries(SAMPLING_OPTIONS.map((name) => [name, { initial: undefined }]));
  addOptions(command, [...SAMPLING_OPTIONS], {
    ...unset,
    temperature: { initial: undefined, parse: parseTemperature },
    seed: {
      initial: undefined,
      about: 'start of the random numbers: the same seed gives the same text (default: random)',
    },
  });
  return command.option('--stop <text>', `end before this text, at most ${STOP_MAX} bytes`, parseStop);
}

/** Those that were given, as the protocol names them. */
export function givenSettings(options: SettingOptions): Partial<DeviceSettings> {
  const { temperature, topK, topP, repetitionPenalty, seed, tokens, stop } = options;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { top_k: topK }),
    ...(topP !== undefined && { top_p: topP }),
    ...(repetitionPenalty !== undefined && { penalty: repetitionPenalty }),
    ...(seed !== undefined && { seed }),
    ...(tokens !== undefined && { length: tokens }),
    ...(stop !== undefined && { stop }),
  };
}
