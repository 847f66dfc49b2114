import type { Command } from 'commander';
import type { SerialBackend } from '../../node/ports/index.js';
import { verb, type Context } from '../context.js';
import { serialPorts } from '../device-port.js';
import { addOptions } from '../options.js';
import { table } from '../terminal.js';

interface Options {
  all?: boolean;
  json?: boolean;
}

export function devicesCommand(context: Context): Command {
  const command = verb('devices', 'List the serial ports that look like ESP32 boards.', [
    'tinylm devices',
    'tinylm devices --all --json',
  ]);
  command.option('--all', 'other serial ports too');
  addOptions(command, ['json']);
  return command.action((options: Options) => devices(context, options));
}

const hex = (id: number): string => id.toString(16).padStart(4, '0');

/** @param backend for tests */
export async function devices({ terminal }: Context, options: Options, backend?: SerialBackend): Promise<void> {
  const ports = await serialPorts(backend);
  const shown = ports.filter((p) => p.likely || options.all);
  if (options.json) {
    terminal.json(shown.map((p) => ({ ...p, usb: p.usb ?? null, serialNumber: p.serialNumber ?? null })));
    return;
  }
  if (shown.length > 0) {
    const rows = shown.map((p) => [
      p.path,
      p.usb ? `${hex(p.usb.vendorId)}:${hex(p.usb.productId)}` : '–',
      p.description,
      p.serialNumber ?? '',
    ]);
    terminal.out(table([['port', 'usb', 'what it is', 'serial number'], ...rows], [0, 1, 2, 3]));
  }
  if (ports.some((p) => p.likely)) return;
  const others = ports.length - shown.length;
  terminal.note('No port looks like an ESP32 board.');
  terminal.note('  Plug the board in with a cable that carries data (many carry power only).');
  terminal.note('  Some boards need the driver of their USB bridge (CP210x, CH340) on Windows and macOS.');
  if (others > 0) terminal.note(`  Other serial ports: ${others}; tinylm devices --all shows them.`);
}
