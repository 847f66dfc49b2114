/**
 * Written by scripts/fit-cost.ts; do not edit. Instructions for one of each work (work.ts), by class (rv32imc, in the
 * order of INSTRUCTION_CLASSES) or in all (lx106), fitted to exact counts of engine/bench/count.c of
 * 36 models; `cached` and `cacheVocab` by themselves, to the differences that a cache makes to four models.
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
      worst: 0.0081565,
      perWork: {
        bytes: [3.0192, 0.00008569, 0, 2.0101, 0.0056735, 0.0054478, 0.00068336, 0.00064769, 0],
        tails: [0.061179, 0.0069176, 0.000003392, 0, 0, 0.0071015, 0, 0.005319, 0],
        blockRows: [2.4191, 0.0084809, 0, 1.1572, 1.0642, 1.0094, 0.10208, 0.014507, 0],
        planeRows: [1.4671, 0, 0, 0.4207, 0.66961, 0, 0, 0, 0],
        builds: [102.56, 0, 0, 0, 68.186, 10.059, 0, 0.16815, 0],
        lookedUp: [3.9993, 0, 0, 3.3454, 3.484, 0.70571, 1.3903, 0.81001, 0],
        loads: [9.8094, 0.072983, 0, 4.3062, 2.6317, 0, 2.2522, 0.058139, 0],
        units: [89.069, 16.028, 0.00022494, 27.067, 11.958, 21.402, 4.0032, 0.27722, 0],
        mlgruUnits: [75.731, 11.967, 0, 19.613, 9.2083, 12.762, 6.4191, 0.10368, 0],
        gluUnits: [19.436, 4.1339, 0, 5.8353, 4.9901, 4.0935, 1.7452, 0, 0],
        normed: [23.015, 2.874, 0, 5.883, 2.3549, 9.3158, 1.9262, 0, 0],
        norms: [82.122, 0, 0, 0, 0, 48.861, 0, 12.027, 0],
        streamed: [0.56417, 1.3744, 0, 1.7002, 2.4706, 1.3154, 0, 0.16028, 0],
        ngrams: [68.739, 0.48854, 0.013369, 35.71, 21.107, 0, 4.8456, 5.4257, 0],
        cached: [0.55177, 0.002597, 0, 1.1361, 0.061085, 0.26843, 1.025, 0.020981, 0],
        cacheVocab: [0.8314, 0.00053068, 0.000049609, 0.2597, 0.2314, 0.552, 0.23121, 0.0056427, 0],
        vocab: [21.209, 1.9855, 0, 8.0928, 3.0131, 10.015, 2.1917, 0.047729, 0],
        products: [210.77, 0, 0, 149.54, 92.87, 40.102, 29.965, 6.0538, 4.4649e-8],
        tokens: [1249.8, 129.28, 0.58431, 274.37, 229.47, 239.12, 122.42, 59.448, 6],
      },
    },
    b3: {
      worst: 0.0097424,
      perWork: {
        bytes: [3.0161, 0.0013083, 0, 2.0153, 0.0087656, 0.0089863, 0.0013378, 0.0023054, 0],
        tails: [0.013192, 0, 0, 0, 0, 0, 0, 0, 0],
        blockRows: [1.66, 0.015669, 0, 1.0352, 0.94412, 1.004, 0.05482, 0.008407, 0],
        planeRows: [3.6415, 0, 0, 0.53549, 0.84451, 0.013486, 0, 0.054518, 0],
        builds: [387.1, 0, 0, 0, 236.65, 15.631, 2.1798, 0, 0],
        lookedUp: [6.7262, 0.95178, 0, 3.8857, 2.9742, 0, 1.9901, 0.17192, 0],
        loads: [0.33405, 0.087871, 0, 4.8821, 1.9754, 0.015173, 2.2703, 0, 0],
        units: [94.866, 15.538, 0.00018584, 26.506, 12.155, 20.204, 4.3482, 0, 0],
        mlgruUnits: [71.798, 11.862, 0, 20.005, 8.7622, 12.393, 6.4974, 0.042313, 0],
        gluUnits: [21.231, 4.0725, 0, 7.0069, 5.5153, 3.95, 1.815, 0, 0],
        normed: [14.116, 2.8718, 0, 4.9978, 1.118, 9.3156, 1.8508, 0, 0],
        norms: [176.77, 0, 0, 7.62, 21.631, 23.568, 7.0693, 6.7498, 0],
        streamed: [0, 1.0699, 0, 2.5067, 2.9006, 0.86558, 0.013349, 0.038555, 0],
        ngrams: [101.65, 1.7118, 0.01252, 36.352, 20.709, 0, 5.9205, 6.7104, 3.202e-10],
        cached: [0.55177, 0.002597, 0, 1.1361, 0.061085, 0.26843, 1.025, 0.020981, 0],
        cacheVocab: [0.8314, 0.00053068, 0.000049609, 0.2597, 0.2314, 0.552, 0.23121, 0.0056427, 0],
        vocab: [22.277, 1.9798, 0, 8.216, 3.1322, 10.007, 2.2488, 0.044875, 0],
        products: [113.24, 9.4968, 0, 162.8, 92.788, 59.754, 23.999, 14.373, 4.0144e-8],
        tokens: [1250.3, 120.89, 0.58702, 257.1, 240.67, 198.24, 135.92, 45.249, 6],
      },
    },
  },
  lx106: {
    compiler: 'xtensa-lx106-elf-gcc 12.2.0 -O3',
    t2: {
      worst: 0.012172,
      perWork: {
        bytes: [4.109],
        tails: [0],
        blockRows: [5.8338],
        planeRows: [1.0832],
        builds: [175.36],
        lookedUp: [19.828],
        loads: [22.355],
        units: [186.69],
        mlgruUnits: [153.18],
        gluUnits: [34.171],
        normed: [53.637],
        norms: [237.96],
        streamed: [0],
        ngrams: [108.06],
        cached: [3.5939],
        cacheVocab: [2.3681],
        vocab: [53.719],
        products: [688.23],
        tokens: [1675.7],
      },
    },
    b3: {
      worst: 0.012941,
      perWork: {
        bytes: [4.1462],
        tails: [0.18992],
        blockRows: [4.2364],
        planeRows: [4.3238],
        builds: [736.75],
        lookedUp: [12.71],
        loads: [8.0518],
        units: [185.45],
        mlgruUnits: [141.7],
        gluUnits: [36.53],
        normed: [36.933],
        norms: [225.5],
        streamed: [3.118],
        ngrams: [191.56],
        cached: [3.5939],
        cacheVocab: [2.3681],
        vocab: [55.48],
        products: [448.65],
        tokens: [2418.6],
      },
    },
  },
};
