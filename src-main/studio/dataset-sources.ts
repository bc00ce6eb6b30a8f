import type { Dataset } from '../contract/domain/datasets.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { ImportSource, NewFiles } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { listFolder, openFolderFiles } from '../imaging/folder-source.ts';
import type { Original } from '../store/datasets.ts';
import { newId, requireDiskSpace } from '../workspace/files.ts';
import {
  discardUpload,
  initialFacts,
  prepareImport,
  runImport,
  type ImportTools,
  type PreparedImport,
} from './dataset-import.ts';
import { propose } from './dataset-intake.ts';
import type { JobControl, Jobs } from './jobs.ts';
import { createSourceRights } from './source-rights.ts';
import { createSourceWatch } from './source-watch.ts';

export type DatasetSources = ReturnType<typeof createDatasetSources>;

/** The sources of datasets: added one after another, watched, and under rights of their own. */
export function createDatasetSources({
  jobs,
  dataset,
  changed,
  ...tools
}: ImportTools & {
  jobs: Jobs;
  /** @throws StudioError `not-found` */
  dataset: (id: string) => Dataset;
  /** To be told when pictures came or what is known of them changed. */
  changed: (datasetId: string) => void;
}) {
  const { sources, queries, workspace, originals } = tools;
  /** The last import of each dataset: the places of pictures are counted one after the other. */
  const importing = new Map<string, Promise<unknown>>();
  const watching = createSourceWatch(sources);
  const { get, ...rightsOfSources } = createSourceRights({ sources, dataset, changed });
  const { forget } = rightsOfSources;

  /** One import of a dataset after the other; one that waits can be cancelled. */
  const inTurn = async <Value>(
    datasetId: string,
    { signal }: JobControl,
    work: () => Promise<Value>,
  ): Promise<Value> => {
    const before = importing.get(datasetId) ?? Promise.resolve();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const turn = Promise.race([before.catch(() => undefined), aborted])
      .finally(() => signal.removeEventListener('abort', stop))
      .then(work);
    importing.set(datasetId, Promise.allSettled([before, turn]));
    return turn;
  };

  const takeBack = async (sourceId: string, stored: ReadonlyMap<string, Original>) => {
    const unused = sources.remove(sourceId, originals.isClaimed);
    const left = [...stored.values()].filter(
      ({ sha256 }) => !queries.isOriginal(sha256) && !originals.isClaimed(sha256),
    );
    await originals.removeFiles([...unused, ...left]);
  };

  /** Brings a source in, as a job; what it brought is taken back when it fails or is cancelled. */
  const start = (
    datasetId: string,
    name: string,
    prepared: PreparedImport,
    isFirst: boolean,
  ): { sourceId: string; job: Job; finished: Promise<Dataset> } => {
    const sourceId = newId('source');
    const insert = () =>
      sources.insert({
        id: sourceId,
        datasetId,
        ordinal: sources.nextOrdinal(datasetId),
        addedAt: Date.now(),
        ...initialFacts(prepared),
      });
    insert();
    const { job, finished } = jobs.start('import', name, async (control) => {
      control.result(datasetId);
      const stored = new Map<string, Original>();
      try {
        await inTurn(datasetId, control, async () => {
          const target = { datasetId, sourceId, fewest: isFirst ? 2 : 1 };
          const { impression, ignored } = await runImport(target, prepared, tools, control, stored);
          sources.finish(sourceId, ignored);
          if (isFirst) queries.finish(datasetId, propose(impression));
          else noteClasses(datasetId);
        });
        await prepared.opened?.taken?.();
      } catch (thrown) {
        await takeBack(sourceId, stored);
        if (isFirst) queries.remove(datasetId);
        throw thrown;
      } finally {
        await prepared.opened?.close();
        await discardUpload(prepared.request, workspace);
        forget(datasetId);
      }
      return dataset(datasetId);
    });
    return { sourceId, job, finished };
  };

  /** Classes that came with a later source make labels worth proposing. */
  const noteClasses = (datasetId: string) => {
    const facts = queries.get(datasetId);
    if (!facts || facts.proposal.labelMode === 'folders' || queries.classes(datasetId).length < 2) return;
    queries.setProposal(datasetId, { ...facts.proposal, labelMode: 'folders' });
  };

  return {
    get,
    ...rightsOfSources,
    /** The first source of a new dataset. */
    startFirst: (datasetId: string, name: string, prepared: PreparedImport) =>
      start(datasetId, name, prepared, true),

    /**
     * Brings one more source into a dataset. What can be refused is refused here, before a job or a row exists;
     * `finished` rejects with what goes wrong later, and then the dataset is as it was.
     *
     * @throws StudioError `not-found`, `not-possible-now` while the dataset's first import runs, and what
     *   `prepareImport` throws
     */
    async add(
      datasetId: string,
      request: ImportSource,
    ): Promise<{ sourceId: string; job: Job; finished: Promise<Dataset> }> {
      const { name, importing: isFilling } = dataset(datasetId);
      if (isFilling) {
        throw new StudioError(
          'not-possible-now',
          `The pictures of “${name}” are still coming in. Wait until the import has ended.`,
          { name },
        );
      }
      return start(datasetId, name, await prepareImport(request, workspace), false);
    },

    /** @throws StudioError `not-possible-now` for anything but a folder */
    setWatched(id: string, isWatched: boolean): Dataset {
      const source = get(id);
      if (isWatched && source.kind !== 'folder') {
        throw new StudioError(
          'not-possible-now',
          `“${source.location}” is no folder and cannot be watched.`,
          {
            name: source.location,
          },
        );
      }
      sources.setWatched(id, isWatched);
      if (isWatched) watching.start(source);
      else watching.stop(id);
      changed(source.datasetId);
      return dataset(source.datasetId);
    },

    newFiles: (id: string): Promise<NewFiles> => watching.newFiles(get(id)),

    /**
     * Takes in what `newFiles` offers; nothing is ever taken in by itself.
     *
     * @throws StudioError `path-missing`, `not-possible-now` where nothing is new
     */
    async addNewFiles(id: string): Promise<{ job: Job; finished: Promise<Dataset> }> {
      const source = get(id);
      const files = await watching.newIn(source);
      if (files.length === 0) {
        throw new StudioError('not-possible-now', `Nothing is new in “${source.location}”.`, {
          name: source.location,
        });
      }
      await requireDiskSpace(
        workspace.folder,
        files.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      const { job, finished } = jobs.start('import', dataset(source.datasetId).name, async (control) => {
        control.result(source.datasetId);
        const stored = new Map<string, Original>();
        // The new files have a source of their own until they are wholly in, so that a cut leaves the old ones alone.
        const arriving = newId('source');
        try {
          await inTurn(source.datasetId, control, async () => {
            const wanted = new Set(files.map(({ name }) => name));
            const all = await listFolder(source.location);
            const opened = await openFolderFiles(source.location, all, (name) => wanted.has(name));
            sources.insert({
              ...source,
              id: arriving,
              ordinal: sources.nextOrdinal(source.datasetId),
              request: null,
              container: null,
              ignored: 0,
              addedAt: Date.now(),
            });
            const target = { datasetId: source.datasetId, sourceId: arriving, fewest: 1 };
            const request: ImportSource = { kind: 'path', path: source.location };
            await runImport(target, { request, opened }, tools, control, stored);
            sources.mergeInto(arriving, source.id);
            noteClasses(source.datasetId);
          });
        } catch (thrown) {
          await takeBack(arriving, stored);
          throw thrown;
        } finally {
          forget(source.datasetId);
        }
        return dataset(source.datasetId);
      });
      return { job, finished };
    },

    watch: watching.watch,

    /**
     * Takes out again what imports left behind that a killed process never ended; to be called once, before any import.
     *
     * @returns a sentence for each
     */
    async recover(): Promise<string[]> {
      const notices: string[] = [];
      for (const { id, datasetId, location, kind } of sources.unfinished()) {
        const facts = queries.get(datasetId);
        await originals.removeFiles(sources.remove(id, () => false));
        if (facts?.importing) continue;
        const name = location === '' ? kind : location;
        notices.push(
          `Adding “${name}” to “${facts?.name ?? ''}” was cut off and was taken back. Add it once more.`,
        );
      }
      for (const { id, name } of queries.unfinished()) {
        queries.remove(id);
        notices.push(`The import “${name}” was cut off and was taken out again. Import it once more.`);
      }
      return notices;
    },

    close: watching.close,
  };
}
