import type { HyperParameter, Settings } from '../hyper-parameters.ts';
import type { FamilyId } from '../presets.ts';

/** A kind of model as people see it; what it computes is in the engine. */
export interface Family {
  readonly id: FamilyId;
  readonly title: { readonly en: string; readonly zh: string };
  readonly summary: { readonly en: string; readonly zh: string };
  /** The paper the family follows. */
  readonly reference: string;
  /** True where it learns classes and draws the one that is asked for. */
  readonly needsClasses?: boolean;
  /** True where it learns from pairs of an input and a target, and draws from an input. */
  readonly needsPairs?: boolean;
  /** True where it learns from single pictures that the engine damages, and draws from damaged ones. */
  readonly damagesPictures?: boolean;
  /** The scalar of its steps that tells which checkpoint is best; absent where no scalar tells. */
  readonly bestMetric?: { readonly key: string; readonly goal: 'lowest' | 'highest' };
  readonly parameters: readonly HyperParameter[];
  /**
   * Refuses settings that are each in their range but do not go together.
   *
   * @throws StudioError `setting-out-of-range`
   */
  readonly requireFitting?: (settings: Readonly<Settings>) => void;
  /** What can be chosen when a model of these settings generates; absent where there is nothing to choose. */
  readonly sampling?: (settings: Readonly<Settings>) => readonly HyperParameter[];
  /**
   * What it does to a picture that a person brings; absent where it takes none. `masked` makes up what a mask hides,
   * `completes` all below the last row that is kept, `translates` turns the whole picture into another, and
   * `restores` takes damage away, with a mask or without.
   */
  readonly repairs?: RepairKind;
  /** What can be chosen for that beside `sampling`. */
  readonly repairing?: readonly HyperParameter[];
}

export type RepairKind = 'masked' | 'completes' | 'translates' | 'restores';
