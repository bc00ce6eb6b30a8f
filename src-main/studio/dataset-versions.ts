import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, DatasetVersion } from '../contract/domain/datasets.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { FocusPoint, Recipe, RecipeInput } from '../contract/domain/recipes.ts';
import { recipeSchema } from '../contract/domain/recipes.ts';
import type { VersionOutline } from '../contract/domain/versions.ts';
import { StudioError } from '../contract/errors.ts';
import type { PictureBytes } from '../imaging/prepare.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import type { datasetQueries } from '../store/datasets.ts';
import { freeDiskBytes } from '../workspace/files.ts';
import { makeVersion, readVersionPicture, versionBytes, type VersionTools } from './dataset-version.ts';
import type { Jobs } from './jobs.ts';
import type { MediaBytes } from './thumbnails.ts';
import { createVersionComparisons } from './version-comparisons.ts';
import { bytesOf, transformKeys } from './version-pixels.ts';
import { labelsOf, planVersion, type Candidate, type VersionPlan } from './version-plan.ts';
import { createVersionPreviews } from './version-previews.ts';
import { findEarlierRows, keyText } from './version-reuse.ts';

export type DatasetVersions = ReturnType<typeof createDatasetVersions>;

/** What other rooms of the studio decided about the pictures of a dataset; asked anew for each version. */
export interface PictureJudgements {
  /** Ids of pictures that stay out, with the reason. */
  keptOut(datasetId: string): ReadonlyMap<string, 'excluded' | 'may-not-train'>;
  /** Ids of pictures that look alike; a split never parts them. */
  alike(datasetId: string): readonly (readonly string[])[];
}

const notFound = (kind: string, id: string) =>
  new StudioError('not-found', `There is no ${kind} “${id}”.`, { kind, id });

/** Versions of datasets: planned, made, compared, and gone back to. */
export function createDatasetVersions({
  queries,
  jobs,
  judgements,
  dataset: get,
  ...tools
}: VersionTools & {
  queries: ReturnType<typeof datasetQueries>;
  jobs: Jobs;
  judgements: PictureJudgements;
  /** @throws StudioError `not-found` */
  dataset: (id: string) => Dataset;
}) {
  const { versions, workspace, originals } = tools;
  /** The last build of each dataset: versions are numbered one after the other. */
  const building = new Map<string, Promise<unknown>>();
  const { preview, prepared } = createVersionPreviews({ queries, originals });

  /** @throws StudioError `not-found` */
  const version = (datasetId: string, number: number): DatasetVersion => {
    const found = versions.version(datasetId, number);
    if (!found) throw notFound('dataset version', `${datasetId} v${number}`);
    return found;
  };

  const plan = (datasetId: string, recipe: Recipe) => {
    const keptOut = judgements.keptOut(datasetId);
    const points = new Map(
      versions.focusPoints(datasetId).map(({ pictureId, x, y }) => [pictureId, { x, y }]),
    );
    const candidates: Candidate[] = queries
      .trainablePictures(datasetId)
      .filter(({ id }) => !keptOut.has(id))
      .map((picture) => ({ ...picture, focus: points.get(picture.id) ?? null }));
    const counts = { excluded: 0, 'may-not-train': 0 };
    for (const reason of keptOut.values()) counts[reason] += 1;
    return { counts, candidates, made: planVersion(recipe, candidates, judgements.alike(datasetId)) };
  };

  /** The version that this recipe made of these very pictures, if there is one. */
  const existing = async (
    datasetId: string,
    recipe: Recipe,
    made: VersionPlan,
  ): Promise<DatasetVersion | null> => {
    for (const { version: found, inputsHash } of versions.versionsOfRecipe(datasetId, recipe)) {
      if (inputsHash === made.inputsHash) return found;
      if (inputsHash === null && (await isOfPlan(found, made))) return found;
    }
    return null;
  };

  /** Versions from before inputs were hashed tell by their pictures and labels; there were no other facts. */
  const isOfPlan = async (found: DatasetVersion, made: VersionPlan): Promise<boolean> => {
    const pictures = versions.pictures(found.datasetId, found.version);
    const isSame =
      pictures.length === made.rows.length &&
      made.rows.every(
        ({ target: { id, focus, repair } }, at) =>
          focus === null && repair === null && id === pictures[at]!.pictureId,
      );
    if (!isSame) return false;
    const folder = workspace.versionFolder(found.datasetId, found.version);
    const labels = await readFile(join(folder, 'labels.i32')).catch(() => null);
    return labels?.equals(labelsOf(made)) ?? false;
  };

  const requireIdle = (datasetId: string): Dataset => {
    const dataset = get(datasetId);
    if (!dataset.importing) return dataset;
    throw new StudioError(
      'not-possible-now',
      `The pictures of “${dataset.name}” are still coming in. Wait until the import has ended.`,
      { name: dataset.name },
    );
  };

  return {
    version,
    preview,
    ...createVersionComparisons({ versions, workspace, version }),

    /**
     * Starts to make a version, or finds the one that the same recipe made of the same pictures; either becomes
     * the current one.
     *
     * @throws StudioError `not-found`, `not-possible-now` while its import is running
     */
    build(datasetId: string, input: RecipeInput): { job: Job; finished: Promise<DatasetVersion> } {
      const recipe = recipeSchema.parse(input);
      const { name } = requireIdle(datasetId);
      return jobs.start('version', name, async (control) => {
        control.result(datasetId);
        const make = async (): Promise<DatasetVersion> => {
          control.signal.throwIfAborted();
          const { made } = plan(datasetId, recipe);
          const found = await existing(datasetId, recipe, made);
          if (!found) return makeVersion(get(datasetId), recipe, made, tools, control);
          const isNewest = versions.versions(datasetId).at(-1)?.version === found.version;
          versions.choose(datasetId, isNewest ? null : found.version);
          return found;
        };
        const before = building.get(datasetId) ?? Promise.resolve();
        const made = before.then(make, make);
        building.set(datasetId, made);
        try {
          return await made;
        } finally {
          if (building.get(datasetId) === made) building.delete(datasetId);
        }
      });
    },

    /**
     * What a recipe would make of the pictures as they are now, with `samples` of them spread over the set;
     * `start` turns to others.
     *
     * @throws StudioError `not-found`, `recipe-impossible`, `pictures-too-few`
     */
    async outline(
      datasetId: string,
      input: RecipeInput,
      samples: number,
      start: number,
    ): Promise<VersionOutline> {
      const recipe = recipeSchema.parse(input);
      const dataset = get(datasetId);
      const { made, counts, candidates } = plan(datasetId, recipe);
      const found = await existing(datasetId, recipe, made);
      const shape = {
        sizePx: recipe.sizePx,
        channels: recipe.channels,
        paired: recipe.pairing.kind !== 'none',
      };
      const keys = transformKeys(made.rows, recipe);
      const earlier = await findEarlierRows(dataset.versions, shape, keys, workspace);
      const { rows } = made;
      // In the dataset's order, so that a change of the split shows the same pictures as before.
      const byPicture = new Map(rows.map((row) => [row.target.id, row]));
      const inOrder = candidates.flatMap(({ id }) => byPicture.get(id) ?? []);
      const shown = Math.min(samples, inOrder.length);
      return {
        images: made.images,
        heldOutImages: made.heldOut,
        classes: made.classes,
        bytes: versionBytes(recipe, rows.length),
        freeBytes: await freeDiskBytes(workspace.folder),
        excluded: counts.excluded,
        mayNotTrain: counts['may-not-train'],
        unpaired: made.unpaired,
        reusable: rows.filter((_, row) => earlier.has(keyText(keys, row))).length,
        existing: found?.version ?? null,
        samples: Array.from({ length: shown }, (_, at) => {
          const { target, input: other } =
            inOrder[(start + Math.floor((at * inOrder.length) / shown)) % inOrder.length]!;
          const { id, name, widthPx, heightPx, focus } = target;
          return { pictureId: id, name, widthPx, heightPx, inputPictureId: other?.id ?? null, focus };
        }),
      };
    },

    /**
     * Some pictures, spread over the set, as a recipe would make them: `[picture, sizePx, sizePx, channel]`, 0…255;
     * nothing is written.
     *
     * @throws StudioError `not-found`, `recipe-impossible`, `pictures-too-few`, `dataset-changed`, `file-unreadable`
     */
    async samplePixels(
      datasetId: string,
      input: RecipeInput,
      count: number,
    ): Promise<Uint8Array<ArrayBuffer>> {
      const recipe = recipeSchema.parse(input);
      get(datasetId);
      const { rows } = plan(datasetId, recipe).made;
      const shown = Math.min(count, rows.length);
      const stretch = Math.floor(rows.length / Math.max(1, shown));
      // A little further into each stretch, so that classes that take turns do not line up.
      const chosen = Array.from({ length: shown }, (_, at) => rows[at * stretch + ((at * 3) % stretch)]!);
      return Buffer.concat(await Promise.all(chosen.map((row) => prepared(row, recipe, 'target'))));
    },

    /** @throws StudioError `not-found` */
    setFocus(pictureId: string, focus: FocusPoint | null): void {
      if (!queries.picture(pictureId)) throw notFound('picture', pictureId);
      versions.setFocus(pictureId, focus);
    },

    /**
     * Makes a version the one that the next training takes; null goes back to the newest.
     *
     * @throws StudioError `not-found`
     */
    makeCurrent(datasetId: string, number: number | null): Dataset {
      const { versions: all } = get(datasetId);
      if (number !== null) version(datasetId, number);
      versions.choose(datasetId, number === all.at(-1)?.version ? null : number);
      return get(datasetId);
    },

    /**
     * A picture as it came, and what a recipe is told of it.
     *
     * @throws StudioError `not-found`, `dataset-changed`
     */
    async original(
      pictureId: string,
    ): Promise<{ bytes: PictureBytes; focus: FocusPoint | null; sha256: string }> {
      const found = queries.picture(pictureId);
      if (!found) throw notFound('picture', pictureId);
      const focus = versions.focusPoint(pictureId);
      return { bytes: await bytesOf({ ...found, focus }, originals), focus, sha256: found.originalSha256 };
    },

    /**
     * The pixels at a place of a version, `[sizePx, sizePx, channels]`, 0…255, and the picture that they are of.
     *
     * @throws StudioError `not-found`, `dataset-changed`
     */
    async row(
      datasetId: string,
      number: number,
      index: number,
      part: 'images' | 'inputs',
    ): Promise<{ version: DatasetVersion; pixels: Uint8Array; pictureId: string }> {
      const found = version(datasetId, number);
      const place = versions.pictureAt(datasetId, number, index);
      if (!place || (part === 'inputs' && !found.paired)) {
        throw notFound('picture', `${datasetId} v${number} #${index}`);
      }
      const pixels = await readVersionPicture(found, index, workspace, part);
      const pictureId = (part === 'inputs' ? place.inputPictureId : null) ?? place.pictureId;
      return { version: found, pixels, pictureId };
    },

    /**
     * A picture as the network sees it, as PNG; with `inputs`, the other half of its pair.
     *
     * @throws StudioError `not-found`, `dataset-changed`
     */
    async picture(
      datasetId: string,
      number: number,
      index: number,
      part: 'images' | 'inputs' = 'images',
    ): Promise<MediaBytes> {
      const found = version(datasetId, number);
      const isThere = index < found.images + found.heldOutImages && (part === 'images' || found.paired);
      if (!isThere) throw notFound('picture', `${datasetId} v${number} #${index}`);
      const pixels = await readVersionPicture(found, index, workspace, part);
      const { sizePx, channels } = found;
      const bytes = encodePng({ pixels, widthPx: sizePx, heightPx: sizePx, channels });
      return { bytes, contentType: 'image/png' };
    },
  };
}
