/**
 * Functions of the ESP32-C3's mask ROM that a direct-boot program may call: the ROM itself cannot be shipped, so each
 * address runs what the function is known to do. Addresses: esp32c3.rom.ld, esp32c3.rom.api.ld and
 * esp32c3.rom.libc.ld of ESP-IDF v5.5, compared one by one. A call costs no instructions here; on the chip it does.
 */
import type { Hart } from './hart.js';
import type { NorFlash } from './norflash.js';

/** What the ROM functions act on. */
export interface RomHost {
  flash: NorFlash;
  /** lets modelled time pass */
  delay(seconds: number): void;
  softwareReset(): void;
  /** the ROM's console: UART0 */
  putChar(byte: number): void;
}

const [A0, A1, A2] = [10, 11, 12];
/** esp_rom_spiflash_result_t */
const OK = 0;
const ERR = 1;

/** Bytes at a program's address, or undefined where no memory is (or flash, when it is to be written). */
function view(hart: Hart, address: number, bytes: number, write: boolean): Uint8Array | undefined {
  const m = hart.memory;
  const page = (write ? m.writeMap : m.readMap)[address >>> 16];
  const at = page >= 0 ? page + (address & 0xffff) : write ? -1 : m.translate(address);
  return at >= 0 && at + bytes <= m.u8.length ? m.u8.subarray(at, at + bytes) : undefined;
}

/** Modelled times of a NOR chip, seconds: assumed, of the size that data sheets of 4 MB chips call typical. */
const SECTOR_ERASE = 0.045;
const BLOCK_ERASE = 0.15;
const PAGE_PROGRAM = 0.0007;

/** Installs the functions in `hart.romCalls`. */
export function installRom(hart: Hart, host: RomHost): void {
  const x = hart.x;
  const def = (address: number, body: () => number | void): void => {
    hart.romCalls.set(address, () => {
      const result = body();
      if (result !== undefined) x[A0] = result;
    });
  };
  const flashOp = (seconds: number, body: () => void): number => {
    try {
      body();
    } catch {
      return ERR; // outside the flash
    }
    host.delay(seconds);
    hart.refetch();
    return OK;
  };
  def(0x40000050, () => host.delay((x[A0] >>> 0) / 1e6)); // ets_delay_us(us)
  def(0x40000068, () => {
    host.putChar(x[A0] & 0xff);
    return OK;
  }); // uart_tx_one_char(byte)
  def(0x40000090, () => host.softwareReset()); // software_reset()
  def(0x40000124, () =>
    // esp_rom_spiflash_erase_block(64 KB block)
    flashOp(BLOCK_ERASE, () => host.flash.erase((x[A0] >>> 0) * 65536, 65536)),
  );
  def(0x40000128, () =>
    // esp_rom_spiflash_erase_sector(4 KB sector)
    flashOp(SECTOR_ERASE, () => host.flash.erase((x[A0] >>> 0) * 4096, 4096)),
  );
  def(0x4000012c, () => {
    // esp_rom_spiflash_write(to, const uint32_t *from, bytes): all multiples of 4
    const [to, bytes] = [x[A0] >>> 0, x[A2] >>> 0];
    const from = view(hart, x[A1], bytes, false);
    if (!from || ((to | bytes | x[A1]) & 3) !== 0) return ERR;
    return flashOp(Math.ceil(bytes / 256) * PAGE_PROGRAM, () => host.flash.program(to, from.slice()));
  });
  def(0x40000130, () => {
    // esp_rom_spiflash_read(from, uint32_t *to, bytes)
    const [from, bytes] = [x[A0] >>> 0, x[A2] >>> 0];
    const to = view(hart, x[A1], bytes, true);
    if (!to || from + bytes > host.flash.bytes.length) return ERR;
    to.set(host.flash.read(from, bytes));
    return OK;
  });
  for (const address of [0x4000010c, 0x40000134, 0x40000140]) def(address, () => OK); // wait_idle, config_param, unlock
  def(0x40000164, () => undefined); // esp_rom_spiflash_attach
  def(0x400004d4, () => 0); // Cache_Invalidate_Addr(address, bytes)
  def(0x400004d8, () => undefined); // Cache_Invalidate_ICache_All()
  def(0x40000524, () => 0); // Cache_Suspend_ICache()
  def(0x40000528, () => undefined); // Cache_Resume_ICache(autoload)
  def(0x40000354, () => {
    view(hart, x[A0], x[A2] >>> 0, true)?.fill(x[A1]);
  }); // memset(to, byte, bytes)
  def(0x40000358, () => {
    // memcpy(to, from, bytes)
    const from = view(hart, x[A1], x[A2] >>> 0, false);
    if (from) view(hart, x[A0], x[A2] >>> 0, true)?.set(from);
  });
}
