/** A model of a version 1 file as version 2 stores it. */
import { TinyLMError } from '../../model/errors.js';
import { parameterSpecs } from '../../model/index.js';
import type { FixedTensor, QuantizedModel } from '../../quantize/types.js';

/**
 * Version 1 keeps all gates of a bias of which version 2 keeps some, the others added to another bias (`storedIn` of the rule). The
 * sums are exact, so the arithmetic gives the same, but where one of the two parts of a gate alone leaves ±16 and is
 * cut there. A model that has nothing to add is given back as it is.
 *
 * @throws TinyLMError `tlm-write` when a sum fits no frac of the bias that takes it
 */
export function foldBiases(model: QuantizedModel): QuantizedModel {
  const tensors = new Map(model.tensors.map((t) => [t.name, t]));
  for (const { name, layer, rule, rows, stored } of parameterSpecs(model.config)) {
    const whole = tensors.get(name);
    if (rule.storedIn === undefined || whole?.kind !== 'fixed' || whole.rows !== rows || stored === rows) continue;
    const taker = `${rule.storedIn}_l${layer}`;
    const other = tensors.get(taker) as FixedTensor;
    tensors.set(taker, added(other, whole, rows - stored));
    tensors.set(name, { ...whole, rows: stored, values: whole.values.slice(rows - stored) });
  }
  return { ...model, tensors: model.tensors.map(({ name }) => tensors.get(name)!) };
}

/** The first `count` values of the second added to those of the first, in the finer of their two fracs. */
function added(taker: FixedTensor, other: FixedTensor, count: number): FixedTensor {
  const frac = Math.max(taker.frac, other.frac);
  const sums = Array.from(
    taker.values,
    (v, i) => v * 2 ** (frac - taker.frac) + (i < count ? other.values[i] * 2 ** (frac - other.frac) : 0),
  );
  const bad = sums.find((v) => v < -32768 || v > 32767);
  if (bad !== undefined)
    throw new TinyLMError(
      'tlm-write',
      `${taker.name} and ${other.name} add to ${bad / 2 ** frac}, which frac ${frac} cannot hold`,
    );
  return { ...taker, values: Int16Array.from(sums), frac, bytes: 2 };
}
