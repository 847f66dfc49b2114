/**
 * Written by scripts/fit-cost.ts; do not edit. Instructions for one of each work (work.ts), by class (rv32imc, in the
 * order of INSTRUCTION_CLASSES) or in all (lx106), fitted to exact counts of engine/bench/count.c at 20
 * sizes.
 */
import type { Isa } from './chips.js';
import type { Packing, WorkName } from './work.js';

export interface Fitted {
  /** largest relative error of a token's instructions over the sizes that were fitted */
  readonly worst: number;
  readonly perWork: Readonly<Partial<Record<WorkName, readonly number[]>> & { readonly tokens: readonly number[] }>;
}

export const INSTRUCTIONS: Readonly<Record<Isa, Readonly<Record<Packing, Fitted>> & { readonly compiler: string }>> = {
  rv32imc: {
    compiler: 'riscv64-unknown-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.0026287,
      perWork: {
        bytes: [2.9848, 0, 0, 1.9985, 0.00057519, 0, 0, 0, 0],
        tails: [0.025712, 0, 0.000047063, 0, 0.021354, 0, 0.028218, 0, 7.1988e-11],
        blockRows: [3.3707, 0.033262, 0, 1.1263, 0.99051, 0.95433, 0.98475, 0.031312, 0],
        builds: [133.65, 0, 0, 10.629, 83.376, 6.722, 5.6285, 0, 0],
        lookedUp: [0, 0.97621, 0, 0.48178, 1.0775, 0, 0, 0.18642, 0],
        loads: [8.819, 0.0085851, 0, 3.2293, 0.6, 0.74946, 1.049, 0.0080627, 0],
        units: [139.32, 11.982, 0, 37.704, 8.4969, 28.912, 0, 0.054147, 0],
        vocab: [27.691, 0.99753, 0, 9.2093, 3.423, 11.771, 0, 0.0076085, 0],
        products: [1.7798, 4.8052, 0.020811, 62.272, 27.452, 8.5205, 4.878, 12.844, 1.225e-7],
        tokens: [1128, 79.576, 0.52656, 309.12, 134.44, 90.156, 130.73, 33.652, 6],
      },
    },
    b3: {
      worst: 0.0031908,
      perWork: {
        bytes: [2.9789, 0, 0, 1.9964, 0, 0, 0, 0, 0],
        tails: [0, 0, 0, 0.010634, 0.0042056, 0.034761, 0, 0.00092897, 0],
        blockRows: [2.8201, 0.03336, 0, 1.1374, 1.0179, 0.96459, 0.98659, 0.030649, 0],
        builds: [410.64, 0, 0, 18.768, 251.92, 6.4919, 0, 0, 0],
        lookedUp: [2.8612, 1.9702, 0, 0, 0.39498, 0, 1.1887, 0, 0],
        loads: [0.010492, 0.0087873, 0, 2.6552, 0.18211, 1.2818, 1.9456, 0.031682, 0],
        units: [142.34, 11.979, 0, 37.63, 7.7058, 28.379, 0, 0, 0],
        vocab: [29.27, 0.99723, 0, 9.2196, 3.4187, 11.696, 0, 0.0073645, 0],
        products: [0, 4.9065, 0.016151, 64.541, 39.372, 0.34135, 0, 13.247, 1.0412e-7],
        tokens: [835.69, 79.575, 0.55568, 301.37, 137.14, 121.35, 148.08, 32.008, 6],
      },
    },
  },
  lx106: {
    compiler: 'xtensa-lx106-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.0041087,
      perWork: {
        bytes: [4.0905],
        tails: [0.020931],
        blockRows: [7.1699],
        builds: [243.58],
        lookedUp: [4.2769],
        loads: [17.191],
        units: [236.22],
        vocab: [58.972],
        products: [204.07],
        tokens: [1822.4],
      },
    },
    b3: {
      worst: 0.0051054,
      perWork: {
        bytes: [4.0844],
        tails: [0],
        blockRows: [6.2903],
        builds: [780.08],
        lookedUp: [0],
        loads: [1.7087],
        units: [244.18],
        vocab: [60.548],
        products: [0],
        tokens: [2206],
      },
    },
  },
};
