import type { Settings } from '../../contract/hyper-parameters.ts';
import type { StoredTensor } from '../safetensors.ts';
import { corrupt } from '../safetensors.ts';

/** With what probability each alteration is made, as the run goes on. */
export interface AugmentationDose {
  /** 0…1. */
  readonly probability: number;
  /**
   * Takes in what the discriminator made of a batch of real pictures, and moves the probability when it is time.
   *
   * @param decision the output above which a picture counts as real
   */
  observe(outputs: readonly number[], decision: number): Record<string, number>;
  /** What a checkpoint holds of it; null for a dose that never changes. */
  save(): StoredTensor | null;
  /** @throws StudioError `checkpoint-corrupt` when the checkpoint has none */
  load(stored: StoredTensor | undefined, fileName: string): void;
}

/** So many batches make one decision. */
const batchesPerDecision = 4;

/** The same for ever; nothing to tell. */
export function fixedDose(probability: number): AugmentationDose {
  return { probability, observe: () => ({}), save: () => null, load: () => undefined };
}

/**
 * Karras et al., "Training Generative Adversarial Networks with Limited Data", 2020: every four batches the
 * probability goes up where the mean sign of the discriminator's output on real pictures, r_t, is above the target,
 * and down where it is below, so fast that it goes from 0 to 1 in `adaptivePictures` pictures. It starts at 0.
 *
 * Tells `realSign` (r_t of the batch), `realSignTarget` and `augmentationProbability`.
 */
export function adaptiveDose({ adaptiveTarget, adaptivePictures }: Readonly<Settings>): AugmentationDose {
  const target = Number(adaptiveTarget);
  const pace = Number(adaptivePictures);
  /** Probability, sum of signs, pictures and batches since the last decision: 32-bit, as a checkpoint keeps them. */
  const state = new Float32Array(4);
  return {
    get probability() {
      return state[0]!;
    },
    observe(outputs, decision) {
      const signs = outputs.reduce((sum, output) => sum + Math.sign(output - decision), 0);
      state[1] = state[1]! + signs;
      state[2] = state[2]! + outputs.length;
      state[3] = state[3]! + 1;
      if (state[3] === batchesPerDecision) {
        const direction = Math.sign(state[1] / state[2] - target);
        state[0] = Math.min(1, Math.max(0, state[0]! + (direction * state[2]) / pace));
        state.fill(0, 1);
      }
      return {
        realSign: signs / outputs.length,
        realSignTarget: target,
        augmentationProbability: state[0]!,
      };
    },
    save: () => ({ type: 'F32', shape: [4], data: state.slice() }),
    load(stored, fileName) {
      if (stored?.type !== 'F32' || stored.shape.join() !== '4') {
        throw corrupt(fileName, 'it does not hold the state of the adaptive augmentation');
      }
      state.set(stored.data as Float32Array);
    },
  };
}

/** The dose that the setting `discriminatorAugmentation` asks for. */
export function doseOf(settings: Readonly<Settings>): AugmentationDose {
  return settings.discriminatorAugmentation === 'adaptive' ? adaptiveDose(settings) : fixedDose(1);
}
