/** What a board that does not run TinyLM says, in words: empty flash, a firmware that does not start, another one. */

export interface BoardWords {
  /** what is the matter */
  readonly what: string;
  /** what to do about it; `way` is how the command line names the board */
  readonly hint: (way: string) => string;
}

const flashIt = (way: string): string =>
  `put firmware and a model on it: tinylm flash <model> --build <folder> ${way}, or on an ESP32-C3 --direct-boot`;

/** By what is heard; the first that fits. */
const KINDS: readonly (readonly [RegExp, BoardWords])[] = [
  [
    /waiting for download/i,
    { what: 'it waits to be flashed', hint: () => 'it waits to be flashed: press RESET without BOOT' },
  ],
  [/invalid header: 0xffffffff/i, { what: 'its flash is empty', hint: flashIt }],
  [
    /invalid header: 0x|No bootable app|Image hash failed|image at 0x\w+ has invalid|Checksum failed|flash read err|invalid segment/i,
    { what: 'what is in its flash does not start', hint: flashIt },
  ],
  [
    /Detected size\(\d+k\) smaller than the size in the binary image header/i,
    {
      what: 'its firmware was built for a larger flash chip',
      hint: () => 'build it for the size this board has (CONFIG_ESPTOOLPY_FLASHSIZE), and flash it again',
    },
  ],
  [/Brownout detector/i, { what: 'its supply breaks down', hint: () => 'use another cable, or another USB port' }],
  [
    /MicroPython|CircuitPython|>>> |Arduino|Tasmota|ESPHome|WLED|NodeMCU/i,
    { what: 'another firmware runs there', hint: (way) => `${flashIt(way)}; what is on it now is replaced` },
  ],
];

/** What text of a board tells of it; undefined when nothing of the above. */
export function boardWords(heard: string): BoardWords | undefined {
  return KINDS.find(([pattern]) => pattern.test(heard))?.[1];
}
