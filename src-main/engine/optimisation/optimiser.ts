import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from '../../contract/hyper-parameters.ts';
import { createAdam } from '../ops/adam.ts';
import { globalNorm } from '../ops/tensor-health.ts';
import type { StoredTensor } from '../safetensors.ts';
import { plainRules, type PlainRule } from './plain-optimisers.ts';
import type { LossScale } from './loss-scale.ts';
import { averageDecayAt, learningRateShareAt } from './schedule.ts';

/** Moves the weights of one network by their gradients, as the settings of a run say. */
export interface Optimiser {
  /** What its slots are called in a checkpoint, after the network: `adam`, `rmsprop` or `sgd`. */
  readonly slotName: string;
  /** The weights that it moves, in their order: all of the network but the frozen ones. */
  readonly moved: readonly tf.Variable[];
  /** That its gradients are taken with; absent for one that knows full precision alone. */
  readonly lossScale?: LossScale;
  /** The state beside the weights, by `<weight>.<slot>`; restored with their `assign`. Frozen weights have none. */
  slots(): Map<string, tf.Variable>;
  /**
   * Gets ready to take over a checkpoint. The slots of a weight that was frozen until then are in none: they begin
   * anew, and their weight's count with them.
   *
   * @param network what stands before {@link slotName} in the checkpoint
   * @param updates done when it was saved, those that were left out included
   * @returns the names there of the slots that begin anew
   */
  resume(network: string, stored: ReadonlyMap<string, StoredTensor>, updates: number): ReadonlySet<string>;
  /**
   * One step, in place.
   *
   * @param gradients in the order of {@link moved}; read, never disposed
   * @param step steps of the run done before this one; decides the learning rate and the memory of the average
   * @param average gets its moving average of the moved weights, by their names; what it holds of others stays
   * @returns the length of the gradient before it was shortened, 0 where it overflowed and nothing was moved, and the
   *   learning rate that held
   */
  step(
    gradients: tf.Tensor[],
    step: number,
    average?: ReadonlyMap<string, tf.Variable>,
  ): { gradientNorm: number; learningRate: number };
  /** Updates done; set it to resume. */
  count: number;
  dispose(): void;
}

/** What one network has otherwise than the settings say. */
export interface OptimiserChoices {
  /** The setting whose value is the learning rate, where it is not 0; `learningRate` otherwise. */
  readonly rateSetting?: string;
  /** Instead of the setting `beta1`. */
  readonly beta1?: number;
  /** That the gradients are taken with: where they overflow, it has the update left out. */
  readonly lossScale?: LossScale;
  /** Names of the weights that stay as they are; see `frozenWeights`. */
  readonly frozen?: ReadonlySet<string>;
}

/** What changes the variables, after clipping and decay. */
interface Mover {
  /** Of each variable, in their order. */
  readonly slots: readonly (readonly { readonly name: string; readonly tensor: tf.Variable }[])[];
  count: number;
  /** The count at which each variable began to move; absent where the count changes nothing. */
  readonly since?: number[];
  move(gradients: tf.Tensor[], rates: Rates, average: readonly tf.Variable[] | null, keep: number): void;
  dispose(): void;
}

interface Rates {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Apart from the gradient; 0 but for AdamW. */
  readonly weightDecay: number;
}

/**
 * The optimiser that the settings `optimiser`, `learningRate`, `beta1`, `beta2`, `schedule` and what goes with it,
 * `weightDecay`, `gradientClip`, `averageHalfLifeSteps` and `averageRampUp` describe. A step clips by the global norm
 * (Pascanu et al., "On the difficulty of training recurrent neural networks", 2013), then adds the weight decay,
 * then moves. Works on every backend; Adam is one kernel where there is one.
 */
export function createOptimiser(
  weights: ReadonlyMap<string, tf.Variable>,
  settings: Readonly<Settings>,
  choices: OptimiserChoices = {},
): Optimiser {
  const names = [...weights.keys()].filter((name) => !choices.frozen?.has(name));
  const variables = names.map((name) => weights.get(name)!);
  const kind = String(settings.optimiser ?? 'adam');
  const mover =
    kind === 'sgd' || kind === 'rmsprop'
      ? createPlainMover(names, variables, plainRules[kind])
      : createAdamMover(names, variables);

  const slotName = kind === 'adamw' ? 'adam' : kind;
  /** `since` of the weights that did not move from the beginning, as a checkpoint holds it. */
  const beginnings = new Map<string, tf.Variable>();
  /** How many updates were left out, of a run that may leave some out: they are not counted. */
  const leftOut =
    choices.lossScale && choices.lossScale.state.size > 0
      ? tf.tidy(() => tf.variable(tf.tensor1d([0]), false))
      : null;
  const setLeftOut = (updates: number) => tf.tidy(() => leftOut?.assign(tf.tensor1d([updates])));

  return {
    slotName,
    moved: variables,
    ...(choices.lossScale ? { lossScale: choices.lossScale } : {}),
    slots: () =>
      new Map([
        ...mover.slots.flat().map(({ name, tensor }) => [name, tensor] as const),
        ...beginnings,
        ...(leftOut ? [['left-out', leftOut] as const] : []),
      ]),
    resume(network, stored, updates) {
      const inFile = (name: string) => `${network}-${slotName}.${name}`;
      const fresh = new Set<string>();
      const updatesLeftOut = leftOut ? Number(stored.get(inFile('left-out'))?.data[0] ?? 0) : 0;
      const count = updates - updatesLeftOut;
      setLeftOut(updatesLeftOut);
      if (leftOut && !stored.has(inFile('left-out'))) fresh.add(inFile('left-out'));
      tf.dispose([...beginnings.values()]);
      beginnings.clear();
      for (const [index, weight] of names.entries()) {
        const own = mover.slots[index]!;
        const isFresh = own.every(({ name }) => !stored.has(inFile(name)));
        if (isFresh) {
          for (const { name, tensor } of own) {
            fresh.add(inFile(name));
            tf.tidy(() => tensor.assign(tf.zeros(tensor.shape)));
          }
        }
        if (!mover.since) continue;
        const beginning = `${weight}.since`;
        const since = isFresh ? count : Number(stored.get(inFile(beginning))?.data[0] ?? 0);
        mover.since[index] = since;
        if (since === 0) continue;
        beginnings.set(
          beginning,
          tf.tidy(() => tf.variable(tf.tensor1d([since]), false)),
        );
        if (isFresh) fresh.add(inFile(beginning));
      }
      mover.count = count;
      return fresh;
    },
    step(gradients, step, average) {
      const gradientNorm = globalNorm(gradients);
      const ownRate = choices.rateSetting === undefined ? 0 : Number(settings[choices.rateSetting] ?? 0);
      const learningRate = (ownRate || Number(settings.learningRate)) * learningRateShareAt(settings, step);
      if (choices.lossScale && !choices.lossScale.accepts(gradientNorm)) {
        setLeftOut(leftOut!.dataSync()[0]! + 1);
        return { gradientNorm: 0, learningRate };
      }
      const clip = Number(settings.gradientClip ?? 0);
      const weightDecay = Number(settings.weightDecay ?? 0);
      const rates: Rates = {
        learningRate,
        beta1: choices.beta1 ?? Number(settings.beta1),
        beta2: Number(settings.beta2),
        weightDecay: kind === 'adamw' ? weightDecay : 0,
      };
      const keep = average ? averageDecayAt(settings, step) : 0;
      const averages = average ? names.map((name) => average.get(name)!) : null;
      const factor = clip > 0 && gradientNorm > clip ? clip / gradientNorm : 1;
      const joined = kind === 'adamw' ? 0 : weightDecay;
      if (factor === 1 && joined === 0) {
        mover.move(gradients, rates, averages, keep);
      } else {
        tf.tidy(() => {
          const changed = gradients.map((gradient, index) => {
            const shortened = factor === 1 ? gradient : tf.mul(gradient, factor);
            return joined === 0 ? shortened : tf.add(shortened, tf.mul(variables[index]!, joined));
          });
          mover.move(changed, rates, averages, keep);
        });
      }
      return { gradientNorm, learningRate };
    },
    get count() {
      return mover.count;
    },
    set count(count) {
      mover.count = count;
    },
    dispose() {
      tf.dispose([...beginnings.values()]);
      leftOut?.dispose();
      mover.dispose();
    },
  };
}

function createAdamMover(names: readonly string[], variables: tf.Variable[]): Mover {
  const adam = createAdam(variables, { learningRate: 0, beta1: 0, beta2: 0, epsilon: 1e-8 });
  const tensors = adam.slots().map(({ tensor }) => tensor);
  const slots = names.map((name, index) => [
    { name: `${name}.first-moment`, tensor: tensors[2 * index]! },
    { name: `${name}.second-moment`, tensor: tensors[2 * index + 1]! },
  ]);
  return {
    slots,
    since: adam.since,
    get count() {
      return adam.count;
    },
    set count(count) {
      adam.count = count;
    },
    move(gradients, rates, averages, keep) {
      adam.settings = { ...adam.settings, ...rates };
      adam.step(gradients, averages ? { averages: [...averages], decay: keep } : undefined);
    },
    dispose: () => adam.dispose(),
  };
}

function createPlainMover(names: readonly string[], variables: tf.Variable[], rule: PlainRule): Mover {
  const slotsOf = variables.map((variable) =>
    rule.slots.map(() => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false))),
  );
  return {
    slots: names.map((name, index) =>
      rule.slots.map((slot, at) => ({ name: `${name}.${slot}`, tensor: slotsOf[index]![at]! })),
    ),
    count: 0,
    move(gradients, rates, averages, keep) {
      this.count++;
      variables.forEach((variable, index) =>
        tf.tidy(() => {
          rule.update(variable, gradients[index]!, slotsOf[index]!, rates);
          const average = averages?.[index];
          if (average) average.assign(tf.add(tf.mul(average, keep), tf.mul(variable, 1 - keep)));
        }),
      );
    },
    dispose: () => tf.dispose(slotsOf.flat()),
  };
}

/**
 * The value of a loss, and its gradient by each of the variables that an optimiser moves, in their order; where it moves
 * none, its value alone. What leads to no variable is not differentiated, which is what freezing saves. On the way back
 * the loss is multiplied by the scale; what comes out is not. For use inside `tf.tidy`.
 */
export function gradientsOf(
  loss: () => tf.Scalar,
  { moved, lossScale }: Pick<Optimiser, 'moved' | 'lossScale'>,
): { value: tf.Scalar; gradients: tf.Tensor[] } {
  if (moved.length === 0) return { value: loss(), gradients: [] };
  const factor = lossScale?.take() ?? 1;
  if (factor === 1) {
    const { value, grads } = tf.variableGrads(loss, [...moved]);
    return { value, gradients: moved.map(({ name }) => grads[name]!) };
  }
  const { value, grads } = tf.variableGrads(() => tf.mul(loss(), factor) as tf.Scalar, [...moved]);
  return {
    value: tf.mul(value, 1 / factor),
    gradients: moved.map(({ name }) => tf.mul(grads[name]!, 1 / factor)),
  };
}
