import type { AugmentationSheet, AugmentationSheetRequest } from '../contract/domain/augmentations.ts';
import { augmentationSheetRequestSchema, previewedParameters } from '../contract/domain/augmentations.ts';
import { recipeSchema, recipeText, type Recipe } from '../contract/domain/recipes.ts';
import { engineProtocol } from '../contract/engine-messages.ts';
import { StudioError } from '../contract/errors.ts';
import { resolveSettings } from '../contract/hyper-parameters.ts';
import { newId } from '../workspace/files.ts';
import type { Datasets } from './datasets.ts';
import { runEngineJob } from './engine-process.ts';

/** Sheets live in memory alone: another one is drawn in a moment. */
const keptSheets = 8;
/** Prepared pictures, so that a slider only draws anew. */
const keptSamples = 4;
/** The adaptive form goes through every probability; this one shows it. */
const adaptiveExample = 0.5;

export type Augmentations = ReturnType<typeof createAugmentations>;

/** Shows what augmentation does to the pictures of a dataset, before anything is trained. */
export function createAugmentations({ datasets }: { datasets: Datasets }) {
  const sheets = new Map<string, Uint8Array>();
  const samples = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  const recipeOf = (datasetId: string): Recipe => {
    const { versions, currentVersion, proposal } = datasets.get(datasetId);
    const version = versions.find(({ version: number }) => number === currentVersion?.version);
    return recipeSchema.parse(version ?? proposal);
  };

  const pixelsOf = (datasetId: string, recipe: Recipe, count: number): Promise<Uint8Array<ArrayBuffer>> => {
    const { pictures } = datasets.get(datasetId);
    const key = JSON.stringify([datasetId, recipeText(recipe), count, pictures]);
    const known = samples.get(key) ?? datasets.versions.samplePixels(datasetId, recipe, count);
    remember(samples, key, known, keptSamples);
    known.catch(() => samples.delete(key));
    return known;
  };

  return {
    /**
     * Draws a sheet in a short engine job, by the code that training uses.
     *
     * @param signal ends the job; the promise then rejects with its reason
     * @throws StudioError `not-found`, `setting-unknown`, `setting-out-of-range`, `pictures-too-few`,
     *   `dataset-changed`, `file-unreadable`
     */
    async sheet(input: AugmentationSheetRequest, signal?: AbortSignal): Promise<AugmentationSheet> {
      const {
        datasetId,
        recipe: wanted,
        settings: chosen,
        seed,
        pictures,
        draws,
      } = augmentationSheetRequestSchema.parse(input);
      const settings = resolveSettings(previewedParameters, chosen);
      const recipe = wanted ?? recipeOf(datasetId);
      const { sizePx, channels } = recipe;
      const pixels = await pixelsOf(datasetId, recipe, pictures);
      const probability = { off: null, always: 1, adaptive: adaptiveExample }[
        String(settings.discriminatorAugmentation)
      ];
      let drawn: { png: Uint8Array; columns: number; rows: number; gapPx: number } | null = null;
      await runEngineJob(
        {
          job: 'augment',
          protocol: engineProtocol,
          pixels,
          sizePx,
          channels,
          paired: recipe.pairing.kind !== 'none',
          settings,
          probability: probability ?? null,
          seed,
          draws,
        },
        (report) => {
          if (report.report === 'augmented') drawn = report;
        },
        signal ?? new AbortController().signal,
      ).catch((error: unknown) => {
        if (signal?.aborted) throw new StudioError('cancelled', 'The contact sheet is no longer wanted.');
        throw error;
      });
      if (!drawn) throw new Error('The engine ended without a contact sheet.');
      const { png, columns, rows, gapPx } = drawn as {
        png: Uint8Array;
        columns: number;
        rows: number;
        gapPx: number;
      };
      const id = newId('sheet');
      remember(sheets, id, png, keptSheets);
      return { id, columns, rows, tilePx: sizePx, gapPx, probability: probability ?? null };
    },

    /**
     * The PNG of a sheet.
     *
     * @throws StudioError `not-found` when it was never drawn, or newer ones took its place
     */
    png(id: string): Uint8Array {
      const found = sheets.get(id);
      if (!found)
        throw new StudioError('not-found', `There is no contact sheet “${id}” any more.`, {
          kind: 'sheet',
          id,
        });
      return found;
    },
  };
}

/** Keeps the last `most` entries of a map. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
