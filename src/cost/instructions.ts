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
      worst: 0.0029738,
      perWork: {
        bytes: [2.9273, 0, 0, 1.9891, 0, 0, 0, 0, 0],
        blockRows: [3.945, 0.0020342, 0, 1.0771, 0.97391, 0.91972, 0.90075, 0, 0],
        groups: [95.108, 0, 0, 6.6714, 80.777, 4.6349, 4.4611, 0, 0],
        embedding: [6.4829, 0.98874, 0, 0.74138, 1.1054, 0, 0, 0.196, 0],
        loads: [7.1658, 0.022504, 0, 2.76, 1.3409, 0.26611, 0.80602, 0.079856, 0],
        units: [138.36, 12.006, 0, 38.078, 7.7747, 29.359, 0, 0.025033, 0],
        vocab: [28.145, 0.99629, 0, 9.2975, 3.4283, 11.812, 0, 0.0070102, 0],
        products: [53.345, 3.9689, 1.8509, 58.136, 33.223, 2.9019, 0, 10.266, 1.0659e-7],
        tokens: [970.81, 85.712, 1.0454, 306.27, 146.03, 94.362, 133.18, 40.872, 6],
      },
    },
    b3: {
      worst: 0.0027235,
      perWork: {
        bytes: [2.9777, 0, 0, 1.9875, 0, 0, 0, 0, 0],
        blockRows: [3.0983, 0.002095, 0, 1.0814, 0.99166, 0.90011, 0.88739, 0, 0],
        groups: [271.4, 0, 0, 7.7161, 241.7, 8.1818, 7.5357, 0, 0],
        embedding: [7.4724, 1.9912, 0, 0.80808, 1.2985, 0, 0, 0, 0],
        loads: [8.9686, 0.024371, 0, 2.8424, 1.552, 0.30487, 0.64867, 0.076715, 0],
        units: [138.87, 11.999, 0, 37.983, 7.4789, 28.99, 0, 0, 0],
        vocab: [27.699, 0.99643, 0, 9.2777, 3.4171, 11.841, 0, 0.0068637, 0],
        products: [55.538, 4.085, 1.8256, 59.99, 38.547, 7.0033, 0, 10.778, 1.0521e-7],
        tokens: [1084.5, 85.519, 1.1157, 301.68, 136.49, 82.054, 136.84, 39.142, 6],
      },
    },
  },
  lx106: {
    compiler: 'xtensa-lx106-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.0038613,
      perWork: {
        bytes: [4.5104],
        blockRows: [6.2607],
        groups: [161.86],
        embedding: [20.401],
        loads: [22.641],
        units: [238.03],
        vocab: [58.89],
        products: [898.1],
        tokens: [1924],
      },
    },
    b3: {
      worst: 0.0026828,
      perWork: {
        bytes: [4.5575],
        blockRows: [4.9633],
        groups: [523.03],
        embedding: [24.254],
        loads: [21.278],
        units: [246.01],
        vocab: [60.3],
        products: [788.14],
        tokens: [1931.2],
      },
    },
  },
};
