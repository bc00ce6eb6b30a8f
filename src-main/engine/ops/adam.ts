import {
  add,
  div,
  mul,
  sqrt,
  square,
  sub,
  tensor as tensorOf,
  tidy,
  variable as variableOf,
  zeros,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { attachedKernels, type KernelAttachment } from '../kernels/attachment.ts';

export interface AdamSettings {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /**
   * Share of the learning rate by which each variable shrinks in a step, apart from the gradient: AdamW
   * (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019). Default 0.
   */
  weightDecay?: number;
}

/** An exponential moving average of the variables, kept in the same order as they are. */
export interface MovingAverage {
  /** The share of the old average that is kept, in [0, 1). */
  decay: number;
  averages: Variable[];
}

export interface Adam {
  /**
   * One step: updates the variables in place, and the averages from the updated variables. `gradients`
   * come by variable name or in the order of the variables; they are read, never disposed.
   */
  step(gradients: Record<string, Tensor> | Tensor[], movingAverage?: MovingAverage): void;
  /**
   * The state beside the variables: `<variable>/adam/m` and `<variable>/adam/v`. The tensors are
   * variables, so a checkpoint is restored with their `assign`.
   */
  slots(): { name: string; tensor: Variable }[];
  /** Steps done; set it to resume. */
  count: number;
  /**
   * At which count each variable began to move, in their order; 0 unless set. The correction of the bias counts from
   * there, so that one whose slots are fresh starts as gently as the others once did.
   */
  since: number[];
  /** May be changed between steps. */
  settings: AdamSettings;
  /** Frees the slots; the variables stay. */
  dispose(): void;
}

interface Moments {
  first: Variable;
  second: Variable;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1, with bias correction) for a fixed list of variables. On wasm a
 * step is one pass over memory. A variable whose storage is shared with another tensor gets its own
 * copy first, so the other tensor keeps its value.
 */
export function createAdam(variables: Variable[], settings: AdamSettings): Adam {
  const moments: Moments[] = variables.map((variable) => ({
    first: zeroSlot(variable, 'm'),
    second: zeroSlot(variable, 'v'),
  }));
  return {
    count: 0,
    since: variables.map(() => 0),
    settings: { ...settings },
    step(gradients, movingAverage) {
      const ordered = inOrder(variables, gradients);
      const averages = movingAverage?.averages ?? [];
      if (movingAverage && averages.length !== variables.length) {
        throw new Error(`${averages.length} averages were given for ${variables.length} variables.`);
      }
      this.count++;
      const scalars = { ...this.settings, averageDecay: movingAverage?.decay ?? 0 };
      const stepOf = (i: number) => this.count - this.since[i];
      const attached = attachedKernels();
      if (!attached) {
        variables.forEach((variable, i) =>
          tidy(() =>
            composedStep(variable, ordered[i], moments[i], averages[i], { ...scalars, step: stepOf(i) }),
          ),
        );
        return;
      }
      for (const { first, second } of moments) ownStorage(attached, first, second);
      ownStorage(attached, ...variables, ...averages);
      const table = variables.map((variable, i) => ({
        variable: attached.address(variable),
        gradient: attached.address(ordered[i]),
        firstMoment: attached.address(moments[i].first),
        secondMoment: attached.address(moments[i].second),
        average: averages[i] ? attached.address(averages[i]) : 0,
        length: variable.size,
      }));
      for (const step of new Set(variables.map((_, i) => stepOf(i)))) {
        const alike = table.filter((_, i) => stepOf(i) === step);
        attached.kernels.adam(alike, { ...scalars, step });
      }
    },
    slots: () =>
      moments.flatMap(({ first, second }) =>
        [first, second].map((tensor) => ({ name: tensor.name, tensor })),
      ),
    dispose() {
      for (const { first, second } of moments) {
        first.dispose();
        second.dispose();
      }
    },
  };
}

function zeroSlot(variable: Variable, slot: 'm' | 'v'): Variable {
  return tidy(() => variableOf(zeros(variable.shape), false, `${variable.name}/adam/${slot}`));
}

function inOrder(variables: Variable[], gradients: Record<string, Tensor> | Tensor[]): Tensor[] {
  return variables.map((variable, i) => {
    const gradient = Array.isArray(gradients) ? gradients[i] : gradients[variable.name];
    if (!gradient) throw new Error(`The gradient of "${variable.name}" is missing.`);
    if (gradient.size !== variable.size) {
      throw new Error(
        `The gradient of "${variable.name}" has ${gradient.size} elements, not ${variable.size}.`,
      );
    }
    return gradient;
  });
}

/** Gives every variable that shares its storage a copy of its own. */
function ownStorage(attached: KernelAttachment, ...variables: Variable[]): void {
  for (const variable of variables) {
    if (attached.shares(variable) === 1) continue;
    // Not a clone, which would share the storage again.
    const copy = tensorOf(variable.dataSync().slice(), variable.shape, 'float32');
    variable.assign(copy);
    copy.dispose();
  }
}

function composedStep(
  variable: Variable,
  gradient: Tensor,
  moments: Moments,
  average: Variable | undefined,
  scalars: AdamSettings & { step: number; averageDecay: number },
): void {
  const { beta1, beta2, epsilon, learningRate, step, averageDecay, weightDecay = 0 } = scalars;
  const blend = (old: Tensor, value: Tensor, keep: number) => add(mul(old, keep), mul(value, 1 - keep));
  moments.first.assign(blend(moments.first, gradient, beta1));
  moments.second.assign(blend(moments.second, square(gradient), beta2));
  const deviation = add(mul(sqrt(moments.second), 1 / Math.sqrt(1 - beta2 ** step)), epsilon);
  const change = div(mul(moments.first, learningRate / (1 - beta1 ** step)), deviation);
  variable.assign(sub(mul(variable, 1 - learningRate * weightDecay), change));
  if (average) average.assign(blend(average, variable, averageDecay));
}
