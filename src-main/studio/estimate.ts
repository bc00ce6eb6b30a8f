import type { Estimate } from '../contract/domain/estimates.ts';
import { engineProtocol } from '../contract/engine-messages.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { families, findPreset, learnsClasses, settingsFor } from '../contract/presets.ts';
import type { StudioBackends } from './backends.ts';
import { runEngineJob } from './engine-process.ts';
import type { Jobs } from './jobs.ts';

/** Enough for a median, and never longer than a newcomer waits. */
/** A preset is measured without its dataset; the number of classes hardly changes what a step takes. */
const assumedClasses = Array.from({ length: 10 }, (_, index) => String(index));
const trialSteps = 10;
const trialLimitMs = 8000;

/** How fast a preset trains here, measured by a short trial in an engine of its own. */
export function createEstimates({ jobs, backends }: { jobs: Jobs; backends: StudioBackends }) {
  const known = new Map<string, Promise<Estimate>>();

  const measure = async (presetId: string, settings: Settings): Promise<Estimate> => {
    const preset = findPreset(presetId);
    const resolved = settingsFor(preset, settings);
    families[preset.family].requireFitting?.(resolved);
    const config = {
      family: preset.family,
      presetId,
      sizePx: preset.sizePx,
      channels: preset.channels,
      seed: 1,
      ...(learnsClasses(preset.family, resolved) ? { classes: assumedClasses } : {}),
      settings: resolved,
    };
    const { finished } = jobs.start('estimate', presetId, async (control) => {
      let estimate: Estimate | null = null;
      await backends.use((backend) =>
        runEngineJob(
          {
            job: 'trial',
            protocol: engineProtocol,
            backend,
            config,
            steps: trialSteps,
            limitMs: trialLimitMs,
          },
          (report) => {
            if (report.report !== 'trial') return;
            estimate = {
              stepMs: report.stepMs,
              memoryBytes: report.memoryBytes,
              trialSteps: report.steps,
              parameters: report.parameters,
              layers: report.layers,
              backend: report.backend,
            };
          },
          control.signal,
        ),
      );
      if (!estimate) throw new Error('The trial ended without a result.');
      return estimate as Estimate;
    });
    return finished;
  };

  return {
    /**
     * Median step time and memory of a preset on this machine; measured once per preset, settings and pinned backend.
     *
     * @throws StudioError `preset-unknown`, `setting-unknown`, `setting-out-of-range`, `out-of-memory`
     */
    of(presetId: string, settings: Settings = {}): Promise<Estimate> {
      const { pinned, adapter } = backends.list();
      const key = JSON.stringify([presetId, settingsFor(findPreset(presetId), settings), pinned, adapter]);
      let estimate = known.get(key);
      if (!estimate) {
        estimate = measure(presetId, settings);
        known.set(key, estimate);
        estimate.catch(() => known.delete(key));
      }
      return estimate;
    },
  };
}
