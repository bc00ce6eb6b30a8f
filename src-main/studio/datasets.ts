import type {
  Dataset,
  DatasetVersion,
  Picture,
  PictureSelection,
  Quarantined,
} from '../contract/domain/datasets.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { RecipeInput } from '../contract/domain/recipes.ts';
import type { ArrayFile, ArraySource, ImportSource } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { compareNames } from '../imaging/name-order.ts';
import type { Database } from '../store/database.ts';
import type { DatasetFacts } from '../store/datasets.ts';
import { datasetQueries } from '../store/datasets.ts';
import { sourceQueries } from '../store/sources.ts';
import { versionQueries } from '../store/versions.ts';
import { newId } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { prepareImport } from './dataset-import.ts';
import { describeArraySource } from './array-questions.ts';
import { createDatasetOriginals } from './dataset-originals.ts';
import { createDatasetSources } from './dataset-sources.ts';
import { createDatasetVersions, type PictureJudgements } from './dataset-versions.ts';
import type { Jobs } from './jobs.ts';
import { createThumbnails } from './thumbnails.ts';

export type Datasets = ReturnType<typeof createDatasets>;

const notFound = (kind: string, id: string) =>
  new StudioError('not-found', `There is no ${kind} “${id}”.`, { kind, id });

const noJudgements: PictureJudgements = { keptOut: () => new Map(), alike: () => [] };

/** Datasets: imported pictures, and the versions made of them that runs train on. */
export function createDatasets({
  database,
  workspace,
  jobs,
  judgements = noJudgements,
}: {
  database: Database;
  workspace: Workspace;
  jobs: Jobs;
  judgements?: PictureJudgements;
}) {
  const queries = datasetQueries(database);
  const versionsStored = versionQueries(database);
  const sourcesStored = sourceQueries(database);
  const originals = createDatasetOriginals(workspace, sourcesStored);
  const thumbnails = createThumbnails({ picture: queries.picture, originals, workspace });
  /** The classes of datasets that nothing is brought into right now; counting them takes a while. */
  const knownClasses = new Map<string, Dataset['classes']>();
  const complete = (facts: DatasetFacts): Dataset => {
    let classes = knownClasses.get(facts.id);
    if (!classes) {
      classes = queries.classes(facts.id).sort((a, b) => compareNames(a.name, b.name));
      if (!facts.importing) knownClasses.set(facts.id, classes);
    }
    const ownSources = sourcesStored.list(facts.id);
    const all = versionsStored.versions(facts.id);
    const chosen = versionsStored.chosen(facts.id);
    const current = chosen ?? all.at(-1)?.version;
    return {
      ...facts,
      classes,
      sources: ownSources,
      ignored: ownSources.reduce((sum, { ignored }) => sum + ignored, 0),
      licence: sources.licence(facts.id),
      missing: sourcesStored.missing(facts.id),
      versions: all,
      currentVersion: current === undefined ? null : { version: current, isChosen: chosen !== null },
    };
  };

  /** @throws StudioError `not-found` */
  const get = (id: string): Dataset => {
    const facts = queries.get(id);
    if (!facts) throw notFound('dataset', id);
    return complete(facts);
  };

  /** @throws StudioError `not-found` */
  const identify = (id: string): { name: string; importing: boolean } => {
    const found = queries.identity(id);
    if (!found) throw notFound('dataset', id);
    return found;
  };

  const sources = createDatasetSources({
    ...{ queries, sources: sourcesStored, workspace, originals, jobs },
    dataset: get,
    changed: (id) => knownClasses.delete(id),
  });

  const versions = createDatasetVersions({
    versions: versionsStored,
    queries,
    workspace,
    originals,
    jobs,
    judgements,
    dataset: get,
  });

  return {
    originals,
    /** Lets go of the folders that are watched and of the files that stay open between reads. */
    close(): void {
      sources.close();
      originals.close();
    },
    /** Newest first; without a project, those of every project that is not in the trash. */
    list: (projectId?: string): Dataset[] => queries.list(projectId).map(complete),
    get,
    /** Its name, and whether it is still coming in: quicker than everything that `get` counts. */
    identify,
    sources,
    versions,
    version: versions.version,

    /**
     * Starts to take pictures in. What can be refused is refused here, before a job or a row exists;
     * `finished` rejects with what goes wrong later, and then nothing of the dataset is left.
     *
     * @throws StudioError `path-missing`, `folder-empty`, `folder-without-pictures`, `source-unsupported`,
     *   `archive-*`, `disk-full`, `not-found`
     */
    async import(
      projectId: string,
      name: string,
      source: ImportSource,
    ): Promise<{ datasetId: string; job: Job; finished: Promise<Dataset> }> {
      const prepared = await prepareImport(source, workspace);
      const datasetId = newId('dataset');
      const proposal: Dataset['proposal'] = { sizePx: 28, channels: 1, labelMode: 'none' };
      queries.insert({ id: datasetId, projectId, name, proposal, createdAt: Date.now() });
      const { job, finished } = sources.startFirst(datasetId, name, prepared);
      return { datasetId, job, finished };
    },

    /**
     * What an NPY or NPZ holds, so that a person can be asked how to read it.
     *
     * @throws StudioError `path-missing`, `not-found`, `array-unusable`, `archive-corrupt`
     */
    describeArrays: (source: ArraySource): Promise<ArrayFile> => describeArraySource(source, workspace),

    /** {@link versions}`.build`. */
    buildVersion: (datasetId: string, recipe: RecipeInput): { job: Job; finished: Promise<DatasetVersion> } =>
      versions.build(datasetId, recipe),

    rename(id: string, name: string): Dataset {
      identify(id);
      queries.rename(id, name);
      return get(id);
    },
    /** In the order of the source; with a label, those of one class. */
    pictures(
      id: string,
      offset: number,
      limit: number,
      label?: string,
      selection: PictureSelection = 'all',
    ): { total: number; items: Picture[] } {
      identify(id);
      return queries.pictures(id, offset, limit, label ?? null, selection);
    },
    /** To be called when labels of its pictures were corrected. */
    forgetClasses: (id: string): void => void knownClasses.delete(id),
    /** Files that could not be read, each with the reason. */
    quarantined(id: string, offset: number, limit: number): { total: number; items: Quarantined[] } {
      identify(id);
      return queries.quarantined(id, offset, limit);
    },

    /** {@link createThumbnails}`.one`. */
    pictureThumbnail: thumbnails.one,
    /** {@link createThumbnails}`.several`. */
    pictureThumbnails: thumbnails.several,

    /**
     * Takes out again what imports left behind that a killed process never ended; to be called once, before
     * any import.
     *
     * @returns a sentence for each
     */
    recover: (): Promise<string[]> => sources.recover(),
  };
}
