/** Published language models of this size, for the picture of bits per byte over bytes: as measured, with where the weights are from. */

export interface Peer {
  readonly name: string;
  /** Bytes of its weights. */
  readonly bytes: number;
  readonly bits: number;
  /** RAM beside the weights, in words. */
  readonly ram: string;
  /** As its authors measured it. */
  readonly speed?: string;
  readonly source: string;
}

/** Of its own text: 600 other TinyStories validation stories, each from a fresh state, each project's weights and code. */
export const PEERS_TEXT =
  'Bits per byte of the others were measured with their own weights and code on 600 stories of another held-out part of TinyStories, each from a ' +
  'fresh state. Our models score about 0.07 to 0.09 lower on that part than on the text above, so a difference of less than that says nothing.';

export const PEERS: readonly Peer[] = [
  {
    name: 'munna237 transformer c3M, int4',
    bytes: 2_638_540,
    bits: 0.691,
    ram: '3.7 MB of PSRAM',
    source: 'munna237/esp32-ple-tinylm',
  },
  {
    name: 'munna237 transformer d32, int4',
    bytes: 1_464_132,
    bits: 0.733,
    ram: '3.7 MB of PSRAM',
    source: 'munna237/esp32-ple-tinylm',
  },
  {
    name: 'munna237 LSTM c3M, int4',
    bytes: 1_853_692,
    bits: 0.926,
    ram: '39 KB and 0.52 MB of head',
    source: 'munna237/esp32-ple-tinylm',
  },
  {
    name: 'munna237 GRU c1.5M, int4',
    bytes: 1_071_274,
    bits: 0.956,
    ram: '29 KB and 0.52 MB of head',
    speed: '10.4 on an S3',
    source: 'munna237/esp32-ple-tinylm',
  },
  {
    name: 'llama2.c stories260K, float32',
    bytes: 1_056_540,
    bits: 0.957,
    ram: '0.68 MB and the weights',
    speed: '19.1 on an S3',
    source: 'karpathy/llama2.c; speed: DaveBben/esp32-llm',
  },
  {
    name: 'munna237 LSTM c1M, int4',
    bytes: 808_900,
    bits: 1.024,
    ram: '29 KB and 0.52 MB of head',
    speed: '14.2 on an S3',
    source: 'munna237/esp32-ple-tinylm',
  },
  {
    name: 'kavyamali GRU 0.2M, int8',
    bytes: 214_820,
    bits: 1.283,
    ram: '6 KB and the weights',
    source: 'kavyamali/tinystoriesgru (trained on the validation split)',
  },
];
