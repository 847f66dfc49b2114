/**
 * The address space of a virtual chip: memories placed in one buffer, mapped in pages of 64 KB (the granularity of
 * the ESP32-C3's flash MMU), and devices behind everything else. A page table lookup replaces region comparisons, so
 * that a load costs two array reads whatever it touches.
 */

/** log2 of the page size. */
export const PAGE_BITS = 16;
export const PAGE_BYTES = 1 << PAGE_BITS;

/** Where a memory appears in the address space and what may be done there. */
export interface Mapping {
  /** first address, a multiple of 64 KB */
  base: number;
  /** any of r, w, x */
  access: string;
}

/** One memory: RAM or flash. */
export interface Region {
  name: string;
  /** size, a multiple of 64 KB */
  bytes: number;
  mappings: readonly Mapping[];
  /** whether reads and fetches go through the cache model, when it is on */
  cached?: boolean;
}

/** A device register file: 32-bit registers at word addresses relative to `base`. */
export interface Device {
  name: string;
  base: number;
  /** bytes of address space covered, from `base` */
  bytes: number;
  /** reads the register at `offset` (a multiple of 4); may have side effects, as FIFOs do */
  read(offset: number): number;
  /** writes the register at `offset` (a multiple of 4) */
  write(offset: number, value: number): void;
}

/** Kinds of access, as they appear in errors. */
export type Access = 'fetch' | 'load' | 'store';

/** The memories and devices of a chip. */
export class Memory {
  readonly buffer: ArrayBuffer;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly i16: Int16Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  /** page number → offset in the buffer, or −1: for loads on the fast path, stores, fetches */
  readonly readMap = new Int32Array(1 << (32 - PAGE_BITS)).fill(-1);
  readonly writeMap = new Int32Array(1 << (32 - PAGE_BITS)).fill(-1);
  readonly execMap = new Int32Array(1 << (32 - PAGE_BITS)).fill(-1);
  /** pages whose loads go through the cache model: taken out of `readMap` while it is on */
  readonly cachedMap = new Int32Array(1 << (32 - PAGE_BITS)).fill(-1);
  /** [start, end) offsets in the buffer of memories behind the cache */
  cachedStart = 0;
  cachedEnd = 0;
  readonly #regions: readonly Region[];
  readonly #offsets = new Map<string, number>();
  readonly #devices: readonly Device[];

  /**
   * @param regions memories; sizes and bases are multiples of 64 KB; at most one is `cached`
   * @param devices register files, looked up where no page is mapped
   */
  constructor(regions: readonly Region[], devices: readonly Device[]) {
    this.#regions = regions;
    this.#devices = devices;
    let total = 0;
    for (const r of regions) {
      this.#offsets.set(r.name, total);
      // An unmapped page after each memory: running off its end meets slots that no address maps to.
      total += r.bytes + PAGE_BYTES;
    }
    this.buffer = new ArrayBuffer(total);
    this.u8 = new Uint8Array(this.buffer);
    this.i8 = new Int8Array(this.buffer);
    this.i16 = new Int16Array(this.buffer);
    this.u16 = new Uint16Array(this.buffer);
    this.i32 = new Int32Array(this.buffer);
    for (const r of regions) this.#map(r);
  }

  #map(r: Region): void {
    const offset = this.offsetOf(r.name);
    if (r.cached) {
      this.cachedStart = offset;
      this.cachedEnd = offset + r.bytes;
    }
    for (const m of r.mappings) {
      for (let i = 0; i < r.bytes; i += PAGE_BYTES) {
        const page = ((m.base >>> 0) + i) >>> PAGE_BITS;
        if (m.access.includes('r')) this.readMap[page] = offset + i;
        if (m.access.includes('w')) this.writeMap[page] = offset + i;
        if (m.access.includes('x')) this.execMap[page] = offset + i;
      }
    }
  }

  /** Offset in the buffer of the memory called `name`. */
  offsetOf(name: string): number {
    const offset = this.#offsets.get(name);
    if (offset === undefined) throw new RangeError(`no memory called ${name}`);
    return offset;
  }

  /** The bytes of the memory called `name`, as a view. */
  bytesOf(name: string): Uint8Array {
    const region = this.#regions.find((r) => r.name === name);
    return this.u8.subarray(this.offsetOf(name), this.offsetOf(name) + (region?.bytes ?? 0));
  }

  /** Sends loads of cached memory through the cache model (`on`) or along the fast path. */
  routeThroughCache(on: boolean): void {
    for (const r of this.#regions) {
      if (!r.cached) continue;
      for (const m of r.mappings) {
        for (let i = 0; i < r.bytes; i += PAGE_BYTES) {
          const page = ((m.base >>> 0) + i) >>> PAGE_BITS;
          const at = m.access.includes('r') ? this.offsetOf(r.name) + i : -1;
          this.readMap[page] = on ? -1 : at;
          this.cachedMap[page] = on ? at : -1;
        }
      }
    }
  }

  /** The device that covers `address`, if any. */
  deviceAt(address: number): Device | undefined {
    const a = address >>> 0;
    return this.#devices.find((d) => a >= d.base && a < d.base + d.bytes);
  }

  /** Where `address` lies in the buffer for a host that reads, or −1. */
  translate(address: number): number {
    const page = (address >>> 0) >>> PAGE_BITS;
    for (const map of [this.readMap, this.cachedMap, this.execMap]) {
      if (map[page] >= 0) return map[page] + (address & (PAGE_BYTES - 1));
    }
    return -1;
  }

  /** What lies at `address`, in words, for error messages. */
  describe(address: number): string {
    const a = address >>> 0;
    const device = this.deviceAt(a);
    if (device) return device.name;
    for (const r of this.#regions) {
      for (const m of r.mappings) {
        const base = m.base >>> 0;
        if (a >= base && a < base + r.bytes) return `${r.name} (${m.access})`;
      }
    }
    return 'nothing mapped';
  }

  /** The address map in lines, for error messages and documentation. */
  mapText(): string[] {
    const hex = (v: number): string => '0x' + (v >>> 0).toString(16).padStart(8, '0');
    return this.#regions.flatMap((r) =>
      r.mappings.map((m) => `${hex(m.base)}–${hex(m.base + r.bytes)} ${r.name} (${m.access})`),
    );
  }
}
