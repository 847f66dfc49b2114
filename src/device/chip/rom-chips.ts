/**
 * What a flash tool reads from a chip to know it: registers by chip. Addresses from esptool's target files (espressif/
 * esptool, esptool/targets); the values are those of ordinary parts.
 */

export type RomChip = 'ESP32' | 'ESP32-S3' | 'ESP32-C3';

export interface ChipFacts {
  /** chip id in GET_SECURITY_INFO; undefined: the ROM does not know that command (ESP32) */
  chipId: number | undefined;
  /** SPI1 controller: command, user, user2, first data word */
  spi: { cmd: number; usr2: number; w0: number };
  /** register values */
  registers: (mac: readonly number[]) => [number, number][];
}

/** The register whose value tells old chips apart. */
const MAGIC_REGISTER = 0x40001000;
const word = (a: number, b: number, c: number, d: number): number => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;

export const CHIP_FACTS: Readonly<Record<RomChip, ChipFacts>> = {
  ESP32: {
    chipId: undefined,
    spi: { cmd: 0x3ff42000, usr2: 0x3ff42024, w0: 0x3ff42080 },
    registers: (mac) => [
      [MAGIC_REGISTER, 0x00f01d83],
      [0x3ff5a004, word(mac[2], mac[3], mac[4], mac[5])],
      [0x3ff5a008, word(0, 0, mac[0], mac[1])],
      [0x3ff5a00c, (1 << 9) | (1 << 15)], // package D0WD, revision bit 0
      [0x3ff5a014, 1 << 20], // revision bit 1
      [0x3ff6607c, 0x80000000], // revision bit 2: v3
      [0x3ff40014, 347], // UART divider for 115200 baud from a 40 MHz crystal
    ],
  },
  'ESP32-S3': {
    chipId: 9,
    spi: { cmd: 0x60002000, usr2: 0x60002020, w0: 0x60002058 },
    registers: (mac) => [
      [MAGIC_REGISTER, 9],
      [0x60007044, word(mac[2], mac[3], mac[4], mac[5])],
      [0x60007048, word(0, 0, mac[0], mac[1])],
      [0x60007050, 2 << 18], // revision v0.2
    ],
  },
  'ESP32-C3': {
    chipId: 5,
    spi: { cmd: 0x60002000, usr2: 0x60002020, w0: 0x60002058 },
    registers: (mac) => [
      [MAGIC_REGISTER, 0x1b31506f],
      [0x60008844, word(mac[2], mac[3], mac[4], mac[5])],
      [0x60008848, word(0, 0, mac[0], mac[1])],
      [0x60008850, ((1 << 27) | (4 << 18)) >>> 0], // 4 MB of flash inside, revision v0.4
    ],
  },
};
