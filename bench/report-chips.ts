/** The section of RESULTS.md on the chips. */
import { configOf, TABLE_BUDGET_DEFAULT } from '../src/model/index.js';
import { CHIPS, FLASH_MODES, FLASH_MODE_LIST, type ChipName } from '../src/cost/index.js';
import { shape } from '../src/run/shape.js';
import type { ChipModel, ChipsResults } from './chips.js';

const count = (n: number): string => Math.round(n).toLocaleString('en-US');
const rate = (n: number): string => (n >= 100 ? count(n) : n.toFixed(1));
const kilobytes = (n: number): string => `${n % 1024 === 0 ? n / 1024 : (n / 1024).toFixed(1)} KB`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const sizes = ({ config }: ChipModel): string => shape(configOf(config));
const title = (chip: ChipName): string => CHIPS[chip].title;

/** What a model should reach on every chip at QIO 80 MHz, tokens/s. */
const TARGETS: readonly { readonly model: string; readonly how: 'withCopies' | 'streamed'; readonly least: number }[] =
  [
    { model: 'default', how: 'withCopies', least: 1000 },
    { model: '1 M', how: 'streamed', least: 50 },
    { model: '1 M', how: 'withCopies', least: 50 },
    { model: 'n-grams', how: 'streamed', least: 25 },
  ];
const HOW = { withCopies: 'matrices in SRAM where they fit', streamed: 'all weights from flash' } as const;

function modelTables({ models }: ChipsResults): string[] {
  return [
    table(
      [
        'model',
        'its layers and sizes',
        'parameters',
        '.tlm bytes, b3 / t2',
        'engine memory, b3 / t2',
        'of it hidden state',
      ],
      models.map((m) => [
        m.name,
        sizes(m),
        count(m.parameters),
        `${count(m.bytes.b3)} / ${count(m.bytes.t2)}`,
        `${count(m.engineBytes.b3)} / ${count(m.engineBytes.t2)}`,
        count(m.stateBytes),
      ]),
    ),
    'Instructions of a token in the engine (embedding, cell, output layer, sampling as by default, with top-k 40), ' +
      'counted under QEMU; in brackets for each weight that a token multiplies (of an untied embedding it reads a ' +
      'row):',
    table(
      ['model', 'rv32imc b3', 'rv32imc t2', 'lx106 b3', 'lx106 t2'],
      models.map((m) => [
        m.name,
        ...(['rv32imc', 'lx106'] as const).flatMap((isa) =>
          (['b3', 't2'] as const).map(
            (packing) =>
              `${count(m.instructions[isa][packing])} (${(m.instructions[isa][packing] / m.weights).toFixed(2)})`,
          ),
        ),
      ]),
    ),
  ];
}

function ramTable({ ram }: ChipsResults): string[] {
  return [
    'RAM of the whole application without an operating system, as it says itself (`/info`) after generating under ' +
      'emulation; the ' +
      "engine's part is the room it is given, whatever the model:",
    table(
      ['machine', 'all', 'application', 'engine, at most', 'stack', 'of it used'],
      ram.map((r) => [r.machine, count(r.ram), count(r.app), count(r.engineLimit), count(r.stack), count(r.stackUsed)]),
    ),
  ];
}

function speedTables({ models }: ChipsResults): string[] {
  const modes = FLASH_MODE_LIST.map((mode) => FLASH_MODES[mode].title);
  const rows = models.flatMap((m) =>
    m.speeds.flatMap((s) =>
      (['withCopies', 'streamed'] as const).map((how) => {
        const copies = how === 'withCopies';
        const bound = copies ? null : s.bounds[0];
        return [
          m.name,
          title(s.chip),
          copies ? kilobytes(s.copied) : 'none',
          kilobytes(copies ? s.bytes : s.bytesStreamed),
          ...s[how].map((v, i) => (i === 0 ? `**${rate(v)}**` : rate(v))),
          rate(s.computeBound),
          bound === null ? '–' : `${rate(bound)}, ${Math.round((100 * s[how][0]) / bound)} %`,
        ];
      }),
    ),
  );
  const verdicts = TARGETS.map(({ model, how, least }) => {
    const found = models.find((m) => m.name === model)!;
    const slowest = found.speeds.reduce((a, b) => (b[how][0] < a[how][0] ? b : a));
    const reached = slowest[how][0];
    return [
      model,
      HOW[how],
      `≥ ${count(least)}`,
      `${rate(reached)} (${title(slowest.chip)})`,
      reached >= least ? 'yes' : '**no**',
    ];
  });
  const excess = models.flatMap(({ name, speeds }) =>
    speeds
      .filter((s) => s.leastBytes > 0 && s.bytesStreamed > 1.2 * s.leastBytes)
      .map((s) => `${name} on ${title(s.chip)} ${(s.bytesStreamed / s.leastBytes).toFixed(1)} times`),
  );
  return [
    'Modelled tokens/s (b3, one core): instructions times cycles, plus the lines of flash that a token waits for. ' +
      '"Flash bound": ' +
      'if nothing cost time but fetching each needed byte once at QIO 80 MHz; "instructions alone": if flash cost ' +
      'none.',
    table(
      ['model', 'chip', 'in SRAM', 'from flash a token', ...modes, 'instructions alone', 'flash bound, reached'],
      rows,
    ),
    'Wanted at QIO 80 MHz on every chip:',
    table(['model', 'weights', 'wanted', 'slowest chip', 'reached'], verdicts),
    ...(excess.length === 0
      ? []
      : [
          'Read in place, a token fetches more lines than its weights are: ' +
            `${excess.join(', ')} as many bytes. Rows whose look-up tables exceed the memory for tables ` +
            `(${count(TABLE_BUDGET_DEFAULT)} bytes, ${Math.floor(TABLE_BUDGET_DEFAULT / 486) * 5} columns in b3) are ` +
            'worked off in pieces of columns, one after the other through all rows, and pieces share lines.',
        ]),
  ];
}

function inputTables({ inputs, models, fitError, compilers }: ChipsResults): string[] {
  return [
    '### Inputs of the model',
    table(
      [
        'chip',
        'MHz',
        'cycles an instruction',
        'cache',
        'SRAM for copies',
        `cycles a line: ${FLASH_MODE_LIST.map((m) => FLASH_MODES[m].title).join(', ')}`,
      ],
      inputs.map((i) => [
        title(i.chip),
        String(i.clockMhz),
        i.cycles,
        i.cache,
        i.sram,
        i.perLine.map(count).join(', '),
      ]),
    ),
    'Sources and assumptions: `src/cost/chips.ts`. Instructions are ten amounts of work times coefficients fitted ' +
      'to exact counts ' +
      `(\`src/cost/instructions.ts\`, ${compilers.join(' and ')}; largest error ${(100 * fitError).toFixed(2)} % ` +
      `over the fitted sizes). ` +
      "Lines are the kernel's reads replayed over a cache of the chip's shape. Both against the virtual ESP32-C3, " +
      'which runs the ' +
      'direct-boot image (weights from flash, 32 KB of RAM, so smaller tables for large models; application included):',
    table(
      ['model', 'instructions counted', 'modelled', 'lines counted', 'modelled'],
      models.map(({ name, c3 }) => [
        name,
        count(c3.instructions),
        count(c3.modelled),
        rate(c3.lines),
        rate(c3.modelledLines),
      ]),
    ),
  ];
}

function budgetTables({ budget }: ChipsResults): string[] {
  return [
    '### The largest model for N KB of flash, M KB of RAM, T tokens/s',
    'As `tinylm budget --largest --flash N --ram M --speed T --chip X` answers: vocabulary 256, one layer, untied; ' +
      'RAM is the ' +
      "engine's memory and, with what it leaves, copies of matrices.",
    table(
      [
        'flash',
        'RAM',
        'tokens/s',
        'mode',
        'chip',
        'D × H',
        'parameters',
        '.tlm bytes',
        'engine + copies',
        'modelled tokens/s',
      ],
      budget.map(({ flash, ram, speed, flashMode, chip, found }) => [
        kilobytes(flash),
        kilobytes(ram),
        count(speed),
        FLASH_MODES[flashMode].title,
        title(chip),
        ...(found
          ? [
              `${found.config.dim} × ${configOf(found.config).layers[0].width}`,
              count(found.parameters),
              count(found.flashBytes),
              `${count(found.engineBytes)} + ${count(found.copiedBytes)}`,
              rate(found.modelled.tokensPerSecond),
            ]
          : ['none', '–', '–', '–', '–']),
      ]),
    ),
  ];
}

export function chipsSection(c: ChipsResults, circumstances: string): string[] {
  return [
    '## On the chips',
    circumstances,
    'Nothing here ran on a board: instructions, RAM and lines are exact under emulation, every speed is **modelled**.',
    ...modelTables(c),
    ...ramTable(c),
    ...speedTables(c),
    ...inputTables(c),
    ...budgetTables(c),
  ];
}
