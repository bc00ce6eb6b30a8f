import type { PairingKind } from './domain/recipes.ts';
import type { Settings } from './hyper-parameters.ts';
import { families } from './presets.ts';
import type { FamilyId } from './presets.ts';

/** Whether a mask must say what to make up, may say it, or is of no use. */
export type MaskUse = 'needed' | 'optional' | 'none';

/**
 * @param pairing of the version that the run was trained on: who learned from pictures with holes is shown holes
 */
export function maskUseOf(family: FamilyId, pairing: PairingKind): MaskUse {
  switch (families[family].repairs) {
    case 'masked':
    case 'completes':
      return 'needed';
    case 'restores':
      return 'optional';
    case 'translates':
      return pairing === 'holes' ? 'optional' : 'none';
    case undefined:
      return 'none';
  }
}

/** Whether seeds make different pictures of one: a model without chance gives one answer for each. */
export function repairVaries({
  family,
  settings,
}: {
  readonly family: FamilyId;
  readonly settings: Readonly<Settings>;
}): boolean {
  switch (families[family].repairs) {
    case 'masked':
    case 'completes':
      return true;
    case 'translates':
      return Number(settings.generatorDropout) > 0;
    case 'restores':
    case undefined:
      return false;
  }
}

/** Whether an input can be derived from a picture as the pairs of the training were. */
export function canDerive(family: FamilyId, pairing: PairingKind): boolean {
  const derived: readonly PairingKind[] = ['edges', 'grey', 'blur', 'lower-resolution'];
  return families[family].repairs === 'translates' && derived.includes(pairing);
}
