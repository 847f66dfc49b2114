/** esptool-js over a transport of ours, quiet, with as many attempts as are wanted. */
import type { ESPLoader } from 'esptool-js';
import type { WebPortAdapter } from './webport.js';

export type Loader = ESPLoader;

/** esptool-js prints to the console unless told otherwise, from two places: its loader and its transport. */
export async function createLoader(
  port: WebPortAdapter,
  baud: number,
  attempts: number,
  log: (line: string) => void,
): Promise<Loader> {
  const esptool = await import('esptool-js');
  class QuietTransport extends esptool.Transport {
    override trace(message: string): void {
      log(message);
    }
  }
  class PatientLoader extends esptool.ESPLoader {
    override detectChip(mode?: Parameters<typeof esptool.ESPLoader.prototype.detectChip>[0]): Promise<void> {
      return super.detectChip(mode, attempts);
    }
  }
  const transport = new QuietTransport(port as never);
  return new PatientLoader({
    transport,
    baudrate: baud,
    terminal: { clean: () => undefined, writeLine: log, write: log },
  });
}
