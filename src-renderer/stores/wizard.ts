import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { recipeSchema, recipeText, type Recipe } from '../../src-main/contract/domain/recipes.ts';
import type { Run, StopCondition } from '../../src-main/contract/domain/runs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { fromFailure } from '../../src-main/contract/errors.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import { families, findPreset, presets, type Preset } from '../../src-main/contract/presets.ts';
import { failureOf } from '../client/failure.ts';
import { client } from '../client/studio-client.ts';
import { useDatasets } from './datasets.ts';
import { useEstimates } from './estimates.ts';
import { useJobs } from './jobs.ts';
import { useProjects } from './projects.ts';
import { currentVersionOf } from './versions.ts';
import { planIds, plansFor } from './training-plans.ts';
import type { Draft } from './wizard-draft.ts';
import { emptyDraft, useKeptDraft } from './wizard-draft.ts';
import { useWizardImport } from './wizard-import.ts';

/** The way from a name to a training run: what was entered, what it implies, and the start. */
export const useWizard = defineStore('wizard', () => {
  const projects = useProjects();
  const datasets = useDatasets();
  const jobs = useJobs();
  const estimates = useEstimates();

  const draft = useKeptDraft();
  const failure = shallowRef<Failure | null>(null);
  const starting = ref<'importing' | 'preparing' | 'creating' | null>(null);

  /** Whether something was entered that is not yet a run. */
  const begun = computed(() => draft.value.datasetId !== null);
  const dataset = computed(() => datasets.datasets.get(draft.value.datasetId ?? '') ?? null);
  const { abortUpload, ...importing } = useWizardImport({ draft, failure, settleProject });
  const { importJob } = importing;

  /** The version that a training takes unless told otherwise; its recipe is where the wizard begins. */
  const currentVersion = computed(() => dataset.value && currentVersionOf(dataset.value));

  /** Until all pictures are in, what they suggest is not known; the sample's look always is. */
  const unsettled = computed(
    () =>
      dataset.value?.importing === true &&
      dataset.value.sources[0]?.kind !== 'sample' &&
      Object.keys(draft.value.recipe).length === 0,
  );
  const recipe = computed<Recipe | null>(() => {
    if (!dataset.value) return null;
    const base = currentVersion.value ?? dataset.value.proposal;
    return recipeSchema.parse({ ...base, ...draft.value.recipe });
  });
  /** Whether every picture would have a class, of two at least; taken for granted while pictures still come in. */
  const hasClasses = computed(() => {
    if (!dataset.value || recipe.value?.labelMode !== 'folders') return false;
    const { classes, pictures, importing } = dataset.value;
    const labelled = classes.reduce((sum, one) => sum + one.pictures, 0);
    return importing || (classes.length >= 2 && labelled === pictures);
  });
  /** Whether each picture would have an input beside it. */
  const hasPairs = computed(() => recipe.value !== null && recipe.value.pairing.kind !== 'none');
  /** What can be trained on these pictures: all but the presets that need classes, or pairs, where there are none. */
  const suits = (preset: Preset): boolean =>
    (hasClasses.value || !families[preset.family].needsClasses) &&
    (hasPairs.value || !families[preset.family].needsPairs);
  const quickEstimate = computed(() => {
    if (!recipe.value) return null;
    const { preset, settings } = plansFor(
      recipe.value.sizePx,
      recipe.value.channels,
      null,
      hasPairs.value,
    ).quick;
    const measured = estimates.of(preset.id, settings);
    return measured?.state === 'measured' ? measured.estimate : null;
  });
  const plans = computed(() =>
    recipe.value
      ? plansFor(recipe.value.sizePx, recipe.value.channels, quickEstimate.value, hasPairs.value)
      : null,
  );

  /** What would be trained now: the chosen plan, or the user's own choice. */
  const training = computed(() => {
    if (!recipe.value || !plans.value) return null;
    const { plan, ownPresetId, ownSettings, ownStop } = draft.value;
    if (plan !== 'own') return plans.value[plan];
    const { sizePx, channels } = recipe.value;
    const fits = presets.find(
      (preset) =>
        preset.id === ownPresetId &&
        preset.sizePx === sizePx &&
        preset.channels === channels &&
        suits(preset),
    );
    const preset = fits ?? plans.value.good.preset;
    const stop: StopCondition = ownStop ?? { kind: 'steps', steps: preset.defaultSteps };
    const settings = fits ? { ...ownSettings } : {};
    if (!hasClasses.value) delete settings.learnClasses;
    return { preset, settings, stop };
  });

  /** Starts anew; what was imported stays among the data. */
  function reset(start: Partial<Draft> = {}) {
    abortUpload();
    failure.value = null;
    draft.value = { ...emptyDraft(), ...start };
  }

  /** Enters the wizard with pictures that are already there, and with settings that were tried on them. */
  async function useDataset(datasetId: string, tried: Settings = {}) {
    const found = await datasets.refresh(datasetId);
    const project = projects.projects.find((candidate) => candidate.id === found.projectId);
    reset({ datasetId, projectId: found.projectId, name: project?.name ?? found.name, step: 'pictures' });
    if (Object.keys(tried).length === 0 || !recipe.value) return;
    const { preset } = plansFor(recipe.value.sizePx, recipe.value.channels, null, hasPairs.value).good;
    const known = new Set(families[preset.family].parameters.map(({ key }) => key));
    draft.value.plan = 'own';
    draft.value.ownPresetId = preset.id;
    draft.value.ownSettings = Object.fromEntries(Object.entries(tried).filter(([key]) => known.has(key)));
  }

  /** The project as it is named now: made, renamed, or left as it is. */
  async function settleProject(): Promise<string> {
    const name = draft.value.name.trim();
    const known = projects.projects.find((project) => project.id === draft.value.projectId);
    if (!known) draft.value.projectId = (await projects.create(name)).id;
    else if (name !== '' && known.name !== name) await projects.rename(known.id, name);
    return draft.value.projectId ?? '';
  }

  /** Opens the user's own choice where the chosen plan stands. */
  function chooseOwn() {
    const from = training.value;
    if (!from || draft.value.plan === 'own') return;
    draft.value.ownPresetId = from.preset.id;
    draft.value.ownSettings = { ...from.settings };
    draft.value.ownStop = from.stop;
    draft.value.plan = 'own';
  }

  /** Asks for the trials that the three proposals, or the user's own choice, need. */
  function measure() {
    // A trial beside an import would measure the import, and one beside a start would delay it.
    if (!plans.value || !training.value || starting.value || importJob.value?.state === 'running') return;
    if (draft.value.plan === 'own') {
      estimates.measure(training.value.preset.id, training.value.settings);
      return;
    }
    for (const id of planIds) estimates.measure(plans.value[id].preset.id, plans.value[id].settings);
  }

  function chooseOwnPreset(presetId: string) {
    const preset = findPreset(presetId);
    draft.value.ownPresetId = presetId;
    draft.value.ownSettings = {};
    draft.value.ownStart = null;
    draft.value.recipe = { ...draft.value.recipe, sizePx: preset.sizePx, channels: preset.channels };
  }

  /** Starts from the layers of a run's newest good checkpoint, and from its settings; null starts from chance. */
  function chooseStart(run: Run | null) {
    draft.value.ownStart = run?.id ?? null;
    draft.value.ownSettings = run ? { ...run.settings } : {};
  }

  /** A version that was gone back to is trained on as it is, unless its recipe was changed here. */
  const chosenVersion = (wanted: Recipe): number | null => {
    const current = currentVersion.value;
    const isChosen = dataset.value?.currentVersion?.isChosen === true;
    return current && isChosen && recipeText(current) === recipeText(wanted) ? current.version : null;
  };

  /** Makes the version of a recipe, or finds it; the studio then calls it the current one. */
  async function buildVersion(datasetId: string, wanted: Recipe): Promise<number> {
    const { job } = await client.datasets.buildVersion({ id: datasetId, recipe: wanted });
    jobs.note(job);
    const built = await jobs.ended(job.id);
    if (built.failure) throw fromFailure(built.failure);
    const { currentVersion: made } = await datasets.refresh(datasetId);
    if (!made) throw new Error(`The version that job ${job.id} made is not among the dataset's versions.`);
    return made.version;
  }

  /** Waits for the pictures, makes their version and starts the run; null where something stood against it. */
  async function start(): Promise<Run | null> {
    failure.value = null;
    try {
      starting.value = 'importing';
      const projectId = await settleProject();
      if (importJob.value?.state === 'running') {
        const ended = await jobs.ended(importJob.value.id);
        if (ended.failure) throw fromFailure(ended.failure);
      }
      const datasetId = draft.value.datasetId;
      if (datasetId) await datasets.refresh(datasetId);
      const chosen = training.value;
      const wanted = recipe.value;
      if (!datasetId || !chosen || !wanted) return null;

      starting.value = 'preparing';
      await estimates.giveUp();
      const version = chosenVersion(wanted) ?? (await buildVersion(datasetId, wanted));

      starting.value = 'creating';
      const run = await client.runs.create({
        projectId,
        datasetId,
        version,
        presetId: chosen.preset.id,
        settings: chosen.settings,
        stop: chosen.stop,
        ...(draft.value.seed === null ? {} : { seed: draft.value.seed }),
        ...(draft.value.plan === 'own' && draft.value.ownStart !== null
          ? { from: { runId: draft.value.ownStart } }
          : {}),
      });
      projects.currentId = projectId;
      reset();
      return run;
    } catch (error) {
      failure.value = failureOf(error);
      return null;
    } finally {
      starting.value = null;
      void projects.load().catch(() => undefined);
    }
  }

  return {
    draft,
    failure,
    ...importing,
    starting,
    begun,
    unsettled,
    dataset,
    currentVersion,
    recipe,
    hasClasses,
    hasPairs,
    suits,
    plans,
    training,
    reset,
    useDataset,
    settleProject,
    chooseOwn,
    measure,
    chooseOwnPreset,
    chooseStart,
    start,
  };
});
