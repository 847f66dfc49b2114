import type { Command } from 'commander';
import { cleanPrompt, normalText } from '../../corpus/index.js';
import { verb, type Context } from '../context.js';
import { openEngine } from '../engine.js';
import type { Sampling } from '../../run/engine-model.js';
import { openTlm } from '../model-source.js';
import { addOptions, SAMPLING_OPTIONS } from '../options.js';
import { count, unescapeText, wholeNumber } from '../values.js';

interface Options extends Omit<Sampling, 'maxTokens'> {
  prompt: string;
  tokens: number;
  count: number;
  echo: boolean;
  verbose?: boolean;
  json?: boolean;
}

export function generateCommand(context: Context): Command {
  const command = verb('generate', 'Let a model write, in the C engine, exactly as it will on the chip.', [
    'tinylm generate run/demo --prompt "Once there was a"',
    'tinylm generate run/demo --temperature 0.8 --seed 7 --count 3',
    'echo "Lily had a red" | tinylm generate run/demo --prompt - --json',
  ]).argument('<model>', 'a run folder, a .tlm file, a checkpoint or a name (tinylm models)');
  command
    .option('-p, --prompt <text>', 'text to go on from (\\n is a new line), or - for standard input', '')
    .option('-n, --tokens <n>', 'most tokens to generate; 0 for no limit', wholeNumber(0, 2 ** 32 - 1), 256);
  addOptions(command, [...SAMPLING_OPTIONS]);
  command
    .option('--stop <text>', 'end before this text, at most 32 bytes')
    .option('--count <n>', 'texts to generate, with seeds from --seed on', wholeNumber(1, 100_000), 1)
    .option('--no-echo', 'leave out the prompt')
    .option('--verbose', 'say how many tokens, how fast and why it ended');
  addOptions(command, ['json']);
  return command.action((path: string, options: Options) => generate(context, path, options));
}

async function readPrompt({ prompt }: Options, stdin: Context['stdin']): Promise<string> {
  if (prompt !== '-') return unescapeText(prompt);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  // The line end that a shell adds is not meant.
  return new TextDecoder().decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

async function generate({ terminal, stdin }: Context, path: string, options: Options): Promise<void> {
  const { bytes } = openTlm(path);
  const engine = await openEngine(bytes);
  const { text: prompt, said } = cleanPrompt(await readPrompt(options, stdin), engine.engine.info.tokenizer);
  if (said !== undefined) terminal.note(said);
  const { temperature, topK, topP, repetitionPenalty, seed, stop } = options;
  const results: object[] = [];
  for (let i = 0; i < options.count; i++) {
    const sampling: Sampling = {
      temperature,
      topK,
      topP,
      repetitionPenalty,
      seed: (seed + i) % 2 ** 32,
      maxTokens: options.tokens,
      ...(stop !== undefined && { stop: normalText(unescapeText(stop)) }),
    };
    if (options.json) {
      const { text, ...rest } = engine.generate(prompt, sampling);
      results.push({ seed: sampling.seed, prompt, text, ...rest });
      continue;
    }
    // Texts have empty lines of their own: a line that they cannot have tells them apart.
    if (options.count > 1)
      await terminal.stream(`${i > 0 ? '\n' : ''}=== ${i + 1} of ${options.count}, seed ${sampling.seed} ===\n`);
    if (options.echo) await terminal.stream(prompt);
    const start = performance.now();
    const pieces = engine.pieces(prompt, sampling);
    let next = pieces.next();
    for (; !next.done; next = pieces.next()) await terminal.stream(next.value);
    await terminal.stream('\n');
    if (options.verbose) {
      const { tokens, promptTokens, reason } = next.value;
      const seconds = (performance.now() - start) / 1000;
      terminal.note(
        `${count(promptTokens)} prompt tokens, ${count(tokens)} generated, ` +
          `${count((tokens + promptTokens) / seconds)} tokens/s, ` +
          `ended: ${reason}`,
      );
    }
  }
  if (options.json) terminal.json(results);
}
