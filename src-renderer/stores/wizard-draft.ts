import { ref, watch } from 'vue';
import type { Recipe } from '../../src-main/contract/domain/recipes.ts';
import type { StopCondition } from '../../src-main/contract/domain/runs.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import type { PlanId } from './training-plans.ts';

export const wizardSteps = ['name', 'data', 'pictures', 'training', 'review'] as const;
export type WizardStep = (typeof wizardSteps)[number];

/** Everything entered; kept over a reload of the window. */
export interface Draft {
  step: WizardStep;
  name: string;
  projectId: string | null;
  datasetId: string | null;
  importJobId: string | null;
  recipe: Partial<Recipe>;
  plan: PlanId | 'own';
  ownPresetId: string | null;
  ownSettings: Settings;
  ownStop: StopCondition | null;
  /** The run whose layers the user's own choice starts from. */
  ownStart: string | null;
  seed: number | null;
}

const draftKey = 'imago-wizard';
export const emptyDraft = (): Draft => ({
  step: 'name',
  name: '',
  projectId: null,
  datasetId: null,
  importJobId: null,
  recipe: {},
  plan: 'quick',
  ownPresetId: null,
  ownSettings: {},
  ownStop: null,
  ownStart: null,
  seed: null,
});

function rememberedDraft(): Draft {
  try {
    return { ...emptyDraft(), ...JSON.parse(sessionStorage.getItem(draftKey) ?? '{}') };
  } catch {
    return emptyDraft();
  }
}

/** The draft of this window, as it was before a reload. */
export function useKeptDraft() {
  const draft = ref<Draft>(rememberedDraft());
  watch(draft, (kept) => sessionStorage.setItem(draftKey, JSON.stringify(kept)), { deep: true });
  return draft;
}
