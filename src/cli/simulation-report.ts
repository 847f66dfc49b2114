/** What a model costs on the virtual chip: counted, stated by the device itself, and modelled. */
import { CHIPS, FLASH_MODES, modelledRows, modelledSpeeds, tokenCost } from '../cost/index.js';
import type { DeviceStatus } from '../device/index.js';
import { countTokens, totalOf, type TokenCounts } from '../device/chip/index.js';
import type { ModelConfig } from '../model/index.js';
import { speedsOf, speedText } from './budget-speed.js';
import { table, type Terminal } from './terminal.js';
import { count, percent } from './values.js';

export interface SimulationReport {
  /** bytes, as the device's info states them after the texts */
  readonly ram: {
    /** data, application, engine memory and stack together: all that the program takes */
    readonly total: number;
    readonly stack: number;
    readonly stackUsed: number;
    readonly application: number;
    readonly engine: number;
    readonly engineLimit: number;
  };
  /** a token on average, counted on the virtual ESP32-C3 */
  readonly counted: TokenCounts;
  readonly instructions: number;
  /** that a token multiplies */
  readonly weights: number;
  readonly instructionsPerWeight: number;
  /** of every chip by its sizes alone, as `tinylm budget` has it */
  readonly budget: ReturnType<typeof modelledSpeeds>;
  /** with what was counted here in place of what is modelled */
  readonly modelled: ReturnType<typeof modelledSpeeds>;
  readonly modelledTable: string[][];
}

/** @param flash of the board, with firmware and model */
export function reportSimulation(flash: Uint8Array, status: DeviceStatus, config: ModelConfig): SimulationReport {
  const { ram, device, model } = status;
  const number = (name: string): number => Number(device[name]);
  const counts = countTokens(flash);
  // The difference of two runs: of a model whose lines all stay in the cache it may come out a little below nothing.
  const counted = { ...counts, dataLines: Math.max(0, counts.dataLines), codeLines: Math.max(0, counts.codeLines) };
  const instructions = totalOf(counted.classes);
  const packing = model.packing === 't2' ? 't2' : 'b3';
  const { weights } = tokenCost(config, packing, 'rv32imc');
  const input = {
    config,
    packing,
    counted: { chip: 'esp32c3', classes: counted.classes, lines: counted.dataLines + counted.codeLines },
  } as const;
  const modelled = modelledSpeeds(input);
  return {
    ram: {
      total: number('ram_bytes'),
      stack: number('stack_bytes'),
      stackUsed: number('stack_bytes') - number('stack_free_min'),
      application: ram.app,
      engine: ram.engine,
      engineLimit: ram.engine_limit,
    },
    counted,
    instructions,
    weights,
    instructionsPerWeight: instructions / weights,
    budget: speedsOf(config),
    modelled,
    modelledTable: modelledRows(modelled),
  };
}

const CLASSES: Readonly<Record<string, string>> = {
  alu: 'arithmetic',
  mul: 'multiply',
  div: 'divide',
  load: 'load',
  store: 'store',
  branchTaken: 'branch, taken',
  branchNotTaken: 'branch, not taken',
  jump: 'jump',
  system: 'system',
};

/** @param verbose also what the instructions were, and all inputs of the speeds */
export function showReport(terminal: Terminal, report: SimulationReport, verbose = false): void {
  const { ram, counted, instructions, weights, instructionsPerWeight } = report;
  const { dataLines, codeLines } = counted;
  terminal.note('');
  terminal.note(
    `Counted on the virtual ESP32-C3, a token on average: ${count(instructions)} instructions, ` +
      `${instructionsPerWeight.toFixed(2)} instructions for each of the ${count(weights)} weights that it ` +
      'multiplies; ' +
      `${(dataLines + codeLines).toFixed(1)} flash lines of 32 bytes.`,
  );
  if (verbose) {
    const classes = Object.entries(counted.classes).filter(([, n]) => n > 0);
    const rows = classes.map(([name, n]) => [`  ${CLASSES[name] ?? name}`, count(n), percent(n / instructions)]);
    terminal.note(table([...rows, ['  instructions', count(instructions), '']]));
    terminal.note(
      `  flash lines: ${dataLines.toFixed(1)} of data, ${codeLines.toFixed(1)} of code ` +
        '(modelled cache: 16 KB, 8 ways, LRU)',
    );
  }
  terminal.note(
    `RAM as the device states it: ${count(ram.total)} bytes in all; of these the application ` +
      `${count(ram.application)}, the engine ${count(ram.engine)} of ${count(ram.engineLimit)}, ` +
      `the stack ${count(ram.stackUsed)} used of ${count(ram.stack)}.`,
  );
  const here = report.modelled.find((row) => row.chip === 'esp32c3')!;
  terminal.note(
    'Modelled tokens/s, never measured on a chip; as tinylm budget has them, and of this image as counted:',
  );
  terminal.note(speedText([...report.budget, { ...here, title: 'ESP32-C3, this image' }]));
  terminal.note(
    'The last row is lower for one reason: the small image that runs here copies no weights into SRAM, ' +
      "ESP-IDF's firmware does.",
  );
  if (!verbose) return;
  terminal.note(table(report.modelledTable).replace(/^/gm, '  '));
  terminal.note('Its inputs (tokens/s = clock / (instructions × cycles each + lines × cycles a line)):');
  for (const line of report.modelled.map(assumptions)) terminal.note(`  ${line}`);
}

function assumptions({ chip, title, speeds }: SimulationReport['modelled'][number]): string {
  const { cyclesFrom, cache } = CHIPS[chip];
  const { sramBytes, counted } = speeds[0].inputs;
  const lines = speeds.map(({ inputs }) => `${count(inputs.cyclesPerLine)} (${FLASH_MODES[inputs.flashMode].title})`);
  const weights = counted
    ? 'all weights read from flash, lines as counted'
    : `${count(sramBytes)} bytes of weights copied into SRAM`;
  return (
    `${title}: ${cyclesFrom}; cache ${cache.bytes / 1024} KB, ${cache.ways} ways, ${cache.line}-byte lines, ` +
    `LRU assumed; cycles a line ${lines.join(', ')}; ${weights}`
  );
}
