import { StudioError } from '../contract/errors.ts';
import type { Explosion } from './gradient-watch.ts';
import type { Model } from './models/family.ts';
import { findNonFinite } from './ops/tensor-health.ts';

/** @throws StudioError `numbers-not-finite` naming the first tensor of the model that holds NaN or infinity */
export function requireFinite(model: Model, step: number): void {
  const tensor = nonFiniteTensor(model);
  if (tensor !== null) throw notFinite(step, tensor);
}

/**
 * Looks at the scalars of a step alone, which costs nothing beside reading the whole model.
 *
 * @throws StudioError `numbers-not-finite` naming the tensor behind a broken scalar, or else the scalar
 */
export function requireFiniteValues(
  values: Readonly<Record<string, number>>,
  model: Model,
  step: number,
): void {
  const broken = Object.keys(values).find((name) => !Number.isFinite(values[name]));
  if (broken !== undefined) throw notFinite(step, nonFiniteTensor(model) ?? broken);
}

/** @throws StudioError `gradient-exploded` where there is an explosion */
export function requireCalm(explosion: Explosion | null, step: number): void {
  if (explosion === null) return;
  const { name, norm, median } = explosion;
  throw new StudioError(
    'gradient-exploded',
    `After step ${step} the gradient “${name}” is ${norm.toPrecision(3)}, and was usually ${median.toPrecision(3)}. The last checkpoint is whole: go on from it with a lower learning rate.`,
    { step, name, norm: Number(norm.toPrecision(3)), median: Number(median.toPrecision(3)) },
  );
}

/** @throws StudioError `engine-failed` with reason `tensors-growing` where there are more tensors than at first */
export function requireNoMore(tensors: number, atFirst: number, step: number): void {
  if (tensors <= atFirst) return;
  throw new StudioError(
    'engine-failed',
    `Training keeps more and more tensors (${tensors}, at first ${atFirst}) and would fill the memory. Go on from the last checkpoint.`,
    { step, tensors, atFirst, reason: 'tensors-growing' },
  );
}

function nonFiniteTensor(model: Model): string | null {
  return findNonFinite([...model.tensors()].map(([name, tensor]) => ({ name, tensor })));
}

function notFinite(step: number, tensor: string): StudioError {
  return new StudioError(
    'numbers-not-finite',
    `After step ${step} the numbers in “${tensor}” are no longer finite. The last checkpoint is whole: generate from it, or train again with a lower learning rate.`,
    { step, tensor },
  );
}
