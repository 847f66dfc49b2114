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
      worst: 0.0026437,
      perWork: {
        bytes: [2.9836, 0, 0, 1.9932, 0, 0, 0, 0, 0],
        blockRows: [3.1147, 0.0027655, 0, 1.0391, 0.99864, 0.93294, 0.87293, 0, 0],
        builds: [109.02, 0, 0, 12.399, 78.157, 4.0228, 4.578, 0, 0],
        embedding: [5.1374, 0.98283, 0, 0.66823, 1.407, 0.26652, 0, 0.18767, 0],
        loads: [8.9515, 0.029522, 0, 2.8766, 1.5771, 0.94941, 1.6385, 0.093913, 0],
        units: [138.41, 11.971, 0, 37.947, 7.5519, 28.942, 0, 0, 0],
        vocab: [27.647, 0.99688, 0, 9.2675, 3.3976, 11.803, 0, 0.0074425, 0],
        products: [61.868, 4.5465, 1.8441, 60.079, 37.007, 12.176, 0, 11.095, 1.0531e-7],
        tokens: [1096.7, 85.129, 1.0659, 314.16, 143.54, 88.007, 155.57, 41.09, 6],
      },
    },
    b3: {
      worst: 0.0037473,
      perWork: {
        bytes: [2.9783, 0, 0, 1.9912, 0, 0, 0, 0, 0],
        blockRows: [2.1828, 0.0029144, 0, 1.0627, 1.021, 0.92079, 0.89091, 0, 0],
        builds: [337.18, 0, 0, 15.282, 239.57, 8.6442, 7.2201, 0, 0],
        embedding: [12.665, 1.9923, 0, 0.6059, 1.4343, 0.013806, 0.36991, 0, 0],
        loads: [7.5731, 0.027019, 0, 2.9523, 1.6245, 0.8422, 1.4552, 0.080319, 0],
        units: [142.19, 11.976, 0, 37.643, 7.0808, 28.868, 0, 0, 0],
        vocab: [29.826, 0.99606, 0, 9.2434, 3.3898, 11.807, 0, 0.0063323, 0],
        products: [0, 4.4073, 1.8452, 66.871, 47.729, 7.8801, 0, 11.246, 9.807e-8],
        tokens: [924.55, 85.218, 1.0563, 303.24, 137.04, 92.715, 144.98, 39.6, 6],
      },
    },
  },
  lx106: {
    compiler: 'xtensa-lx106-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.004105,
      perWork: {
        bytes: [4.0739],
        blockRows: [6.6235],
        builds: [151.14],
        embedding: [18.173],
        loads: [23.016],
        units: [240.03],
        vocab: [58.929],
        products: [881.44],
        tokens: [1904.9],
      },
    },
    b3: {
      worst: 0.0044605,
      perWork: {
        bytes: [4.0555],
        blockRows: [5.0977],
        builds: [658.01],
        embedding: [16.976],
        loads: [16.847],
        units: [243.84],
        vocab: [61.985],
        products: [604.55],
        tokens: [2455.2],
      },
    },
  },
};
