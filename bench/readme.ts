/** The figures of bench/results/ that docs/figures.md shows, in both languages. */
import { configOf, type ModelShorthand } from '../src/model/index.js';
import { CHIPS } from '../src/cost/index.js';
import type { Language } from '../scripts/marked.js';
import type { ChipsResults } from './chips.js';
import type { CountResults, Machine } from './engine-count.js';
import { spread } from './measure.js';
import { verdictsOf, type AllResults } from './report.js';
import type { TrainResults } from './train.js';

const WORDS = {
  en: {
    instructions: (gcc: string) =>
      'Instructions of a whole token (embedding, gates, output layer, sampling with top-k 40) for each weight that it multiplies,\n' +
      `counted under QEMU, ${gcc} -O3; \`npm test\` prints and limits them:`,
    counts: ['model', "rv32imc (ESP32-C3's ISA), base 3 / 2 bits", 'Xtensa lx106', 'RAM the engine asks for'],
    tied: (dim: number, weights: string) => `vocabulary 256, ${dim} × ${dim}, tied: ${weights} weights`,
    bytes: (n: string) => `${n} bytes`,
    beside: (int8: string, branch: string, tables: string) =>
      `Beside it, by the same compiler, the products alone of the large one on rv32imc: a plain 8-bit kernel takes ${int8} instructions\n` +
      `a weight, a branch per 2-bit weight ${branch}, the tables ${tables}.`,
    modelled:
      'Tokens/s, **modelled** from those counts and a model of the flash cache, one core, QIO at 80 MHz; never measured on a board:',
    model: 'model',
    default: (sizes: string, parameters: string) => `default: ${sizes}, ${parameters} parameters`,
    large: (sizes: string, parameters: string) =>
      `${sizes}, two layers, ${parameters} parameters, weights read from flash`,
    copied: 'the same, with what fits copied to SRAM',
    ram: (bytes: string) =>
      'All tables with their inputs, other flash modes, and the largest model for a budget: [RESULTS.md](../RESULTS.md). Whole application on\n' +
      `the chip without an operating system, stack included, measured under emulation: ${bytes} bytes of RAM.`,
    training: (torch: string, rounds: number) =>
      `Training speed in multiples of ${torch} with its best thread setting, in turns on the same 2 cores, ${rounds} rounds, lowest / **median** /\n` +
      'highest; `npm run bench -- all` repeats all of this:',
    step: ['a step', 'WebAssembly', 'native, built by your compiler'],
  },
  pt: {
    instructions: (gcc: string) =>
      'Instruções de um token inteiro (embedding, portas, camada de saída, amostragem com top-k 40) para cada peso que ele multiplica,\n' +
      `contadas no QEMU, ${gcc} -O3; \`npm test\` mostra e limita esses números:`,
    counts: ['modelo', 'rv32imc (a ISA do ESP32-C3), base 3 / 2 bits', 'Xtensa lx106', 'RAM que o motor pede'],
    tied: (dim: number, weights: string) => `vocabulário 256, ${dim} × ${dim}, pesos compartilhados: ${weights} pesos`,
    bytes: (n: string) => `${n} bytes`,
    beside: (int8: string, branch: string, tables: string) =>
      `Ao lado, pelo mesmo compilador, só os produtos do modelo grande em rv32imc: um kernel simples de 8 bits gasta ${int8} instruções\n` +
      `por peso, um desvio por peso de 2 bits ${branch}, as tabelas ${tables}.`,
    modelled:
      'Tokens/s, **modelados** a partir dessas contagens e de um modelo do cache de flash, um núcleo, QIO a 80 MHz; nunca medidos\nnuma placa:',
    model: 'modelo',
    default: (sizes: string, parameters: string) => `padrão: ${sizes}, ${parameters} parâmetros`,
    large: (sizes: string, parameters: string) =>
      `${sizes}, duas camadas, ${parameters} parâmetros, pesos lidos da flash`,
    copied: 'o mesmo, com o que couber copiado para a SRAM',
    ram: (bytes: string) =>
      'Todas as tabelas com as suas entradas, outros modos de flash, e o maior modelo para um orçamento: [RESULTS.md](../RESULTS.md). ' +
      `A aplicação\ninteira no chip sem sistema operacional, pilha incluída, medida em emulação: ${bytes} bytes de RAM.`,
    training: (torch: string, rounds: number) =>
      `Velocidade de treino em múltiplos do ${torch} com a sua melhor configuração de threads, em turnos nos mesmos 2 núcleos, ${rounds} rodadas,\n` +
      'menor / **mediana** / maior; `npm run bench -- all` repete tudo isso:',
    step: ['um passo', 'WebAssembly', 'nativo, compilado pelo seu compilador'],
  },
} as const satisfies Record<Language, unknown>;

const LOCALE = { en: 'en-US', pt: 'pt-BR' } as const;

type Numbers = (n: number, digits?: number) => string;
const numbers =
  (language: Language): Numbers =>
  (n, digits = 0) =>
    n.toLocaleString(LOCALE[language], {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: true,
    });

/** A table whose first column is words and whose others are numbers. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Three digits are what a model of a speed is worth. */
const rate = (n: number, show: Numbers): string => show(Number(n.toPrecision(n < 100 ? 2 : 3)));

function instructions(c: CountResults, language: Language): string[] {
  const show = numbers(language);
  const words = WORDS[language];
  const of = (machine: Machine, packing: 't2' | 'b3', dim: number) =>
    c.tokens.find((t) => t.machine === machine && t.packing === packing && t.dim === dim)!;
  const rows = [64, 384].map((dim) => {
    const both = (machine: Machine): string =>
      (['b3', 't2'] as const)
        .map((packing) => of(machine, packing, dim))
        .map((t) => show(t.token / t.weights, 2))
        .join(' / ');
    const { weights, memory } = of('riscv', 'b3', dim);
    return [words.tied(dim, show(weights)), both('riscv'), both('xtensa'), words.bytes(show(memory))];
  });
  const k = c.kernels.find((x) => x.machine === 'riscv' && x.packing === 'b3' && x.dim === 384)!;
  const each = (n: number): string => show(n / k.weights, 1);
  const gcc = `gcc ${/([\d.]+)$/.exec(c.compilers[0])![1]}`;
  return [
    words.instructions(gcc),
    table(words.counts, rows),
    words.beside(each(k.int8), each(k.branch), each(k.table)),
  ];
}

/** Sizes of a model of GRU layers, as results on disk have them. */
const sizesOf = (config: ModelShorthand): string => {
  const {
    vocab,
    dim,
    layers: [{ width }],
  } = configOf(config);
  return `${vocab} × ${dim} × ${width}`;
};

function modelled(c: ChipsResults, language: Language): string[] {
  const show = numbers(language);
  const words = WORDS[language];
  const [small, large] = ['default', '1 M'].map((name) => c.models.find((m) => m.name === name)!);
  const chips = small.speeds.map((s) => CHIPS[s.chip].title);
  const row = (said: string, m: typeof small, how: 'withCopies' | 'streamed'): string[] => [
    said,
    words.bytes(show(m.bytes.b3)),
    ...m.speeds.map((s) => rate(s[how][0], show)),
  ];
  const said = ({ config, parameters }: typeof small) => [sizesOf(config), show(parameters)] as const;
  return [
    words.modelled,
    table(
      [words.model, '.tlm', ...chips],
      [
        row(words.default(...said(small)), small, 'withCopies'),
        row(words.large(...said(large)), large, 'streamed'),
        row(words.copied, large, 'withCopies'),
      ],
    ),
    words.ram(show(Math.max(...c.ram.map((r) => r.ram)))),
  ];
}

function training(t: TrainResults, language: Language): string[] {
  const show = numbers(language);
  const words = WORDS[language];
  const torch = PYTORCH.exec(t.contestants.join(' '))![0];
  const rows = t.races.map((race) => {
    const ratios = verdictsOf(race).map(({ wall }) => {
      const { min, median, max } = spread(wall);
      return `${show(min, 1)} / **${show(median, 1)}** / ${show(max, 1)}`;
    });
    return [`dim ${race.size.dim}, ${race.size.lanes} × ${race.size.segment}`, ...ratios];
  });
  return [words.training(torch, t.rounds), table(words.step, rows)];
}

const PYTORCH = /PyTorch [\d.]+\d/;

export type Complete = AllResults & Required<Pick<AllResults, 'counts' | 'chips' | 'train'>>;

/** Whether everything was measured that docs/figures.md shows, PyTorch among it. */
export const complete = (all: AllResults): all is Complete =>
  all.counts !== undefined &&
  all.chips !== undefined &&
  all.train !== undefined &&
  PYTORCH.test(all.train.contestants.join(' '));

/** What stands between the marks `bench` of docs/figures.md. */
export const readmeBlock = ({ counts, chips, train }: Complete, language: Language): string =>
  [...instructions(counts, language), ...modelled(chips, language), ...training(train, language)].join('\n\n');
