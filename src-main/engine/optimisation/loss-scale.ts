import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../../contract/hyper-parameters.ts';
import { precisionOf } from '../../contract/precision.ts';
import type { StoredTensor } from '../safetensors.ts';

/**
 * What a loss is multiplied by before it is differentiated, so that small gradients do not vanish among 16-bit numbers
 * (Micikevicius et al., "Mixed Precision Training", 2018, section 3.2). It starts high. Where a gradient overflows, the
 * update is left out and the factor halved; after 2000 good updates in a row it is doubled. It is a power of two, so
 * that nothing else is rounded by it.
 */
export interface LossScale {
  /** For the losses that are differentiated from now on; 1 in full precision. */
  readonly factor: number;
  /** What a checkpoint holds of it, by name; nothing in full precision. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  /**
   * Gets ready to take over a checkpoint, whose values {@link state} is given afterwards.
   *
   * @param part what stands before the names there
   * @returns the names there of what begins anew, because the run was in full precision until then
   */
  resume(part: string, stored: ReadonlyMap<string, StoredTensor>): string[];
  /** Remembers that gradients were taken with the present factor. */
  take(): number;
  /**
   * Whether gradients of this length may move the weights; the factor follows from it. At a factor of 1 all may: what
   * is not finite then is no matter of its 16 bits.
   */
  accepts(gradientNorm: number): boolean;
  /** The scalars of a step: the factor, and how many updates were left out since they were last told. */
  tell(): Record<string, number>;
  dispose(): void;
}

const firstFactor = 2 ** 15;
const largestFactor = 2 ** 24;
const updatesUntilDoubled = 2000;

/** The loss scale that the setting `precision` asks for. */
export function createLossScale(settings: Readonly<Settings>): LossScale {
  return precisionOf(settings) === 'mixed' ? createDynamicScale() : unscaled;
}

const unscaled: LossScale = {
  factor: 1,
  state: new Map(),
  resume: () => [],
  take: () => 1,
  accepts: () => true,
  tell: () => ({}),
  dispose: () => undefined,
};

function createDynamicScale(): LossScale {
  let factor = firstFactor;
  let goodUpdates = 0;
  let taken = factor;
  let leftOut = 0;
  const name = 'loss-scale';
  const held = tf.tidy(() => tf.variable(tf.tensor1d([factor, goodUpdates]), false));
  const keep = () => tf.tidy(() => held.assign(tf.tensor1d([factor, goodUpdates])));
  return {
    get factor() {
      return factor;
    },
    state: new Map([[name, held]]),
    resume(part, stored) {
      const found = stored.get(`${part}.${name}`);
      factor = Number(found?.data[0] ?? firstFactor);
      goodUpdates = Number(found?.data[1] ?? 0);
      keep();
      return found ? [] : [`${part}.${name}`];
    },
    take: () => (taken = factor),
    accepts(gradientNorm) {
      const isGood = Number.isFinite(gradientNorm) || taken === 1;
      if (isGood) {
        goodUpdates++;
        if (goodUpdates === updatesUntilDoubled) {
          factor = Math.min(largestFactor, factor * 2);
          goodUpdates = 0;
        }
      } else {
        leftOut++;
        // Two networks of one loss overflow together, and halve it once.
        factor = Math.min(factor, taken / 2);
        goodUpdates = 0;
      }
      keep();
      return isGood;
    },
    tell() {
      const told = { lossScale: factor, updatesLeftOut: leftOut };
      leftOut = 0;
      return told;
    },
    dispose: () => held.dispose(),
  };
}
