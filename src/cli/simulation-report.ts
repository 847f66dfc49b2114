/** What a model costs on the virtual chip: counted, stated by the device itself, and modelled. */
import { CHIPS, FLASH_MODES, modelledRows, modelledSpeeds, tokenCost } from '../cost/index.js';
import { countTokens, totalOf, type DeviceStatus, type TokenCounts } from '../device/index.js';
import type { ModelConfig } from '../model/index.js';
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
  readonly modelled: ReturnType<typeof modelledSpeeds>;
  readonly modelledTable: string[][];
}

/** @param flash of the board, with firmware and model */
export function reportSimulation(flash: Uint8Array, status: DeviceStatus, config: ModelConfig): SimulationReport {
  const { ram, device, model } = status;
  const number = (name: string): number => Number(device[name]);
  const counted = countTokens(flash);
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
    modelled,
    modelledTable: modelledRows(modelled),
  };
}

const CLASSES: Readonly<Record<string, string>> = {
  alu: 'arithmetic', mul: 'multiply', div: 'divide', load: 'load', store: 'store', branchTaken: 'branch, taken',
  branchNotTaken: 'branch, not taken', jump: 'jump', system: 'system',
};

export function showReport(terminal: Terminal, report: SimulationReport): void {
  const { ram, counted, instructions, weights, instructionsPerWeight } = report;
  terminal.note('');
  terminal.note('Counted on the virtual ESP32-C3 (RV32IMC), a token on average:');
  const classes = Object.entries(counted.classes).filter(([, n]) => n > 0);
  const rows = classes.map(([name, n]) => [`  ${CLASSES[name] ?? name}`, count(n), percent(n / instructions)]);
  terminal.note(table([...rows, ['  instructions', count(instructions), '']]));
  terminal.note(`  ${instructionsPerWeight.toFixed(2)} instructions for each of the ${count(weights)} weights that a token multiplies`);
  const { dataLines, codeLines } = counted;
  terminal.note(
    `  ${(dataLines + codeLines).toFixed(1)} flash lines of 32 bytes fetched: ${dataLines.toFixed(1)} of data, ` +
      `${codeLines.toFixed(1)} of code (modelled cache: 16 KB, 8 ways, LRU)`,
  );
  terminal.note('RAM as the device states it:');
  terminal.note(`  ${count(ram.total)} bytes in all; of these the application ${count(ram.application)}, the ` +
    `engine ${count(ram.engine)} of ${count(ram.engineLimit)}, the stack ${count(ram.stackUsed)} used of ${count(ram.stack)}`);
  terminal.note('Modelled tokens/s, never measured on a chip:');
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
  return `${title}: ${cyclesFrom}; cache ${cache.bytes / 1024} KB, ${cache.ways} ways, ${cache.line}-byte lines, ` +
    `LRU assumed; cycles a line ${lines.join(', ')}; ${weights}`;
}
