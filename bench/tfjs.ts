/** The same model in TensorFlow.js, as a TypeScript user would write it; plain JavaScript, nothing native. Used when it is installed. */
import type { Case, Contestant } from './contestant.js';

/** The few functions that are used; the package is not a dependency (`npm i --no-save @tensorflow/tfjs` for the benchmark). */
interface Tensor {
  reshape(shape: number[]): Tensor;
  dataSync(): Float32Array;
  dispose(): void;
}
interface TensorFlow {
  ready(): Promise<void>;
  readonly version_core: string;
  getBackend(): string;
  sequential(): { add(layer: unknown): void; apply(x: Tensor, options: object): Tensor; dispose(): void };
  layers: Record<'embedding' | 'gru' | 'dense', (options: object) => unknown>;
  train: { adam(rate: number): { minimize(loss: () => Tensor, returnCost: boolean): Tensor } };
  losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  randomUniform(shape: number[], low: number, high: number, type: string): Tensor;
  oneHot(indices: Tensor, depth: number): Tensor;
}

/** The contestant and the package's version; undefined when it is not installed. */
export async function tensorFlow(): Promise<{ contestant: Contestant; version: string } | undefined> {
  const name: string = '@tensorflow/tfjs';
  let tf: TensorFlow;
  const { warn, log } = console;
  try {
    console.warn = console.log = () => {}; // it advertises its native package
    const module = (await import(name)) as TensorFlow & { default?: TensorFlow };
    tf = module.default ?? module;
    await tf.ready();
  } catch {
    return undefined;
  } finally {
    Object.assign(console, { warn, log });
  }
  const contestant: Contestant = {
    name: 'TensorFlow.js',
    threads: 1,
    async open({ vocab, dim, hidden, lanes, segment }: Case) {
      const model = tf.sequential();
      model.add(tf.layers.embedding({ inputDim: vocab, outputDim: dim, inputLength: segment }));
      // any start will do; the default one for recurrent weights takes seconds
      model.add(
        tf.layers.gru({
          units: hidden,
          returnSequences: true,
          recurrentActivation: 'sigmoid',
          recurrentInitializer: 'glorotNormal',
        }),
      );
      model.add(tf.layers.dense({ units: vocab }));
      const x = tf.randomUniform([lanes, segment], 0, vocab, 'int32');
      const y = tf.oneHot(tf.randomUniform([lanes * segment], 0, vocab, 'int32'), vocab);
      const optimizer = tf.train.adam(1e-3);
      return {
        async steps(count) {
          const cpu = process.cpuUsage();
          const begin = performance.now();
          for (let i = 0; i < count; i++) {
            const cost = optimizer.minimize(
              () => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }).reshape([-1, vocab])),
              true,
            );
            cost.dataSync();
            cost.dispose();
          }
          const seconds = (performance.now() - begin) / 1000;
          const { user, system } = process.cpuUsage(cpu);
          return { seconds, cpu: (user + system) / 1e6 };
        },
        async close() {
          model.dispose();
        },
      };
    },
  };
  return { contestant, version: tf.version_core };
}
