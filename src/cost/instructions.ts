/**
 * Written by scripts/fit-cost.ts; do not edit. Instructions for one of each work (work.ts), by class (rv32imc, in the order
 * of INSTRUCTION_CLASSES) or in all (lx106), fitted to exact counts of engine/bench/count.c at 18 sizes.
 */
import type { Isa } from './chips.js';
import type { Packing, WorkName } from './work.js';

export interface Fitted {
  /** largest relative error of a token's instructions over the sizes that were fitted */
  readonly worst: number;
  readonly perWork: Readonly<Record<WorkName, readonly number[]>>;
}

export const INSTRUCTIONS: Readonly<Record<Isa, Readonly<Record<Packing, Fitted>> & { readonly compiler: string }>> = {
  rv32imc: {
    compiler: 'riscv64-unknown-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.0024285,
      perWork: {
        bytes: [2.9836, 0, 0, 1.9932, 0, 0, 0, 0, 0],
        tails: [0, 0, 0.000057624, 0, 0, 0, 0.051463, 0, 1.0302e-10],
        blockRows: [3.1147, 0.0027655, 0, 1.0389, 0.99845, 0.93302, 0.86948, 0, 0],
        builds: [109.11, 0, 0, 12.255, 78.081, 4.0239, 5.4038, 0, 0],
        embedding: [5.1269, 0.98283, 0, 0.68466, 1.4142, 0.26734, 0, 0.18837, 0],
        loads: [8.9408, 0.029522, 0, 2.8947, 1.5869, 0.94915, 1.7073, 0.093814, 0],
        units: [138.41, 11.971, 0, 37.95, 7.5547, 28.94, 0, 0, 0],
        vocab: [27.647, 0.99688, 0, 9.2678, 3.3978, 11.803, 0, 0.0074249, 0],
        products: [62.816, 4.5465, 0.022208, 61.017, 37.957, 12.195, 0, 11.101, 1.224e-7],
        tokens: [1095.8, 85.129, 0.51852, 314.27, 143.66, 86.958, 123.78, 40.057, 6],
      },
    },
    b3: {
      worst: 0.0032807,
      perWork: {
        bytes: [2.9782, 0, 0, 1.9921, 0, 0, 0, 0, 0],
        tails: [0, 0.00026688, 0, 0.015818, 0.020121, 0.042803, 0, 0.00092254, 0],
        blockRows: [2.1825, 0.0030625, 0, 1.0643, 1.0324, 0.94593, 0.89147, 0, 0],
        builds: [337.34, 0, 0, 14.277, 239.37, 8.228, 7.3263, 0, 0],
        embedding: [12.636, 1.9917, 0, 0.60977, 1.4121, 0, 0.36462, 0, 0],
        loads: [7.551, 0.028875, 0, 3.1821, 1.7818, 1.1785, 1.4269, 0.079342, 0],
        units: [142.23, 11.97, 0, 37.219, 6.6258, 27.871, 0, 0, 0],
        vocab: [29.826, 0.99561, 0, 9.2153, 3.3559, 11.734, 0, 0.0046717, 0],
        products: [0, 4.3868, 0.016071, 67.792, 47.187, 5.1157, 0, 10.943, 1.0154e-7],
        tokens: [925.4, 85.39, 0.55584, 314.97, 150.02, 117.82, 143.28, 39.372, 6],
      },
    },
  },
  lx106: {
    compiler: 'xtensa-lx106-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.0038663,
      perWork: {
        bytes: [4.0788],
        tails: [0],
        blockRows: [6.7066],
        builds: [220.03],
        embedding: [10.555],
        loads: [14.331],
        units: [237.53],
        vocab: [58.76],
        products: [255.24],
        tokens: [1822.7],
      },
    },
    b3: {
      worst: 0.0046937,
      perWork: {
        bytes: [4.0663],
        tails: [0],
        blockRows: [5.1824],
        builds: [734.7],
        embedding: [9.3756],
        loads: [9.1225],
        units: [239.94],
        vocab: [61.717],
        products: [0],
        tokens: [2330.3],
      },
    },
  },
};
