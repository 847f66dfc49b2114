/** What is measured: something that does training steps of a given size. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { join } from 'node:path';
import { configOf, initModel, type ModelConfig } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { kernelConfig, KernelPool, trainDefaults, type TrainerKernels } from '../src/train/index.js';

/** Sizes of a step: `lanes` sequences of `segment` tokens. */
export interface Case {
  readonly vocab: number;
  readonly dim: number;
  readonly hidden: number;
  readonly lanes: number;
  readonly segment: number;
  /** Embedding and output layer are one matrix. */
  readonly tied: boolean;
}

export interface Lap {
  /** Wall clock. */
  readonly seconds: number;
  /** Processor seconds of the whole process. */
  readonly cpu: number;
}

/** A contestant at one case. */
export interface Runner {
  steps(count: number): Promise<Lap>;
  close(): Promise<void>;
}

export interface Contestant {
  /** Contestants of one name differ in threads only. */
  readonly name: string;
  readonly threads: number;
  /** When the number of threads does not say all. */
  readonly setting?: string;
  open(size: Case): Promise<Runner>;
}

export const modelOf = ({ vocab, dim, hidden, tied }: Case): ModelConfig =>
  configOf({ vocab, dim, hidden, layers: 1, tied });

/** Floating-point operations of a step's products: six a weight and token, and the input table, once a step. */
export function operations(size: Case): number {
  const { vocab, dim, hidden, lanes, segment } = size;
  const tokens = lanes * segment;
  const input = 6 * 3 * hidden * dim * (vocab * 2 <= tokens ? vocab : tokens);
  return 6 * (3 * hidden * hidden + vocab * hidden) * tokens + input;
}

/** A pool with weights and tokens in it (random tokens: the arithmetic does not depend on them), ready to run. */
export async function openPool(kernels: TrainerKernels, size: Case, threads: number): Promise<KernelPool> {
  const { lanes, segment, vocab } = size;
  const config = kernelConfig(trainDefaults({ model: modelOf(size), lanes, segment }), 0, segment);
  const pool = await KernelPool.create(kernels, { ...config, stream: segment * config.chunk }, threads);
  pool.write('weight', initModel(modelOf(size), 1).tensors);
  let a = 1;
  const random = (n: number): number => {
    a = (Math.imul(a, 1664525) + 1013904223) >>> 0;
    return Math.floor((a / 2 ** 32) * n);
  };
  const { inputs, targets } = pool;
  for (let i = 0; i < inputs.length; i++) {
    inputs[i] = random(200) === 0 ? 0 : 1 + random(vocab - 1); // a document ends every 200 tokens
    targets[i] = random(vocab);
  }
  for (let i = 0; i < pool.config.chunk; i++) pool.schedule.set([1e-3, 0.1, 0.01], i * 3);
  return pool;
}

/** The trainer, ternary training with 8-bit activations switched on. */
export function trainer(name: string, kernels: TrainerKernels, threads: number): Contestant {
  return {
    name,
    threads,
    async open(size) {
      const pool = await openPool(kernels, size, threads);
      return { steps: (count) => timed(() => train(pool, count)), close: () => pool.close() };
    },
  };
}

/**
 * Two trainers of one thread each that share nothing, at the same time: what two threads could reach on this machine at this moment.
 * A lap is the mean of the two, so its tokens a second are those of both together.
 */
export function twoApart(name: string, kernels: TrainerKernels): Contestant {
  return {
    name,
    threads: 2,
    setting: '1 + 1',
    async open(size) {
      const pools = await Promise.all([1, 1].map((threads) => openPool(kernels, size, threads)));
      return {
        async steps(count) {
          const { seconds, cpu } = await timed(() => Promise.all(pools.map((pool) => train(pool, count))));
          return { seconds: seconds / pools.length, cpu: cpu / pools.length };
        },
        async close() {
          await Promise.all(pools.map((pool) => pool.close()));
        },
      };
    },
  };
}

async function train(pool: KernelPool, steps: number): Promise<void> {
  for (let left = steps; left > 0; left -= pool.config.chunk) await pool.run(0, Math.min(left, pool.config.chunk));
}

async function timed(work: () => Promise<unknown>): Promise<Lap> {
  const before = process.cpuUsage();
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpu: (user + system) / 1e6 };
}

/** PyTorch in a process of its own, asked line by line. Its matrix products (OpenBLAS) have threads of their own. */
export class PyTorch {
  readonly version: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #blas: number;
  #opened = 0;

  private constructor(process: ChildProcess, lines: Interface, version: string, blas: number) {
    this.#process = process;
    this.#blas = blas;
    this.#lines = lines[Symbol.asyncIterator]();
    this.version = version;
  }

  /** The first Python that has torch; undefined when there is none. `blas`: threads of the matrix products. */
  static async find(blas: number): Promise<PyTorch | undefined> {
    const script = join(packageRoot(), 'bench', 'pytorch', 'train.py');
    for (const python of [process.env.PYTHON, 'python3', '/usr/bin/python3']) {
      if (!python) continue;
      const version = await new Promise<string>((resolve) => {
        const child = spawn(python, ['-c', 'import torch; print(torch.__version__)'], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        let text = '';
        child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
        child.on('error', () => resolve('')).on('close', (code) => resolve(code === 0 ? text.trim() : ''));
      });
      if (version === '') continue;
      // threads that wait do not spin: better for PyTorch where cores are shared, and no worse where they are not
      const env = { ...process.env, OMP_WAIT_POLICY: 'passive', OPENBLAS_NUM_THREADS: String(blas) };
      const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'], env });
      return new PyTorch(child, createInterface({ input: child.stdout! }), version, blas);
    }
    return undefined;
  }

  async #ask(request: object): Promise<Record<string, number>> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the PyTorch process has ended');
    return JSON.parse(value) as Record<string, number>;
  }

  contestant(threads: number): Contestant {
    return {
      name: 'PyTorch',
      threads,
      ...(threads !== this.#blas && { setting: `${threads}, products ${this.#blas}` }),
      open: async ({ vocab, dim, hidden, lanes, segment }) => {
        const id = String(this.#opened++);
        await this.#ask({ id, open: { vocab, dim, hidden, lanes, segment } });
        return {
          steps: async (steps) => {
            const { seconds, cpu } = await this.#ask({ id, steps, threads });
            return { seconds, cpu };
          },
          close: async () => {
            await this.#ask({ id, close: true });
          },
        };
      },
    };
  }

  close(): void {
    this.#process.stdin!.end();
  }
}
