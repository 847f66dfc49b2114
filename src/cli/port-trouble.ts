/** Programs that take serial ports away on Linux: both open whatever is plugged in and send bytes of their own. */
import { readdirSync, readFileSync } from 'node:fs';

const THIEVES = ['ModemManager', 'brltty'] as const;

/** Names of the processes of this machine. */
function running(): string[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          return [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()];
        } catch {
          return []; // it has ended
        }
      });
  } catch {
    return [];
  }
}

/**
 * What to look at on this system when a serial port goes away in the middle; undefined where nothing is known.
 * @param names of the processes that run
 */
export function portTrouble(platform: string = process.platform, names?: readonly string[]): string | undefined {
  if (platform !== 'linux') return undefined;
  const there = names ?? running();
  const found = THIEVES.filter((name) => there.includes(name));
  const who =
    found.length > 0
      ? `${found.join(' and ')} ${found.length > 1 ? 'run' : 'runs'} here and`
      : `${THIEVES.join(' and ')}`;
  return `${who} may take a port away on Linux: sudo systemctl stop ModemManager; sudo apt-get remove brltty`;
}
