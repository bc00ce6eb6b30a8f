import { watch as watchFolder, type FSWatcher } from 'node:fs';
import type { Dataset } from '../contract/domain/datasets.ts';
import type { Job } from '../contract/domain/jobs.ts';
import type { LicenceSummary, Rights } from '../contract/domain/licences.ts';
import type { ImportSource, NewFiles, Source } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { listFolder, openFolderFiles, type FolderFile } from '../imaging/folder-source.ts';
import { hasPictureName } from '../imaging/picture-format.ts';
import type { Original } from '../store/datasets.ts';
import { newId, requireDiskSpace } from '../workspace/files.ts';
import { createChannel } from './channel.ts';
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
import { licenceName, summarizeLicences } from './licence-summary.ts';

export type DatasetSources = ReturnType<typeof createDatasetSources>;

/** How many new files are named one by one. */
const namedFiles = 20;
/** A folder that changes is listed again after it was quiet for so long. */
const quietMs = 1000;

const notFound = (kind: string, id: string) =>
  new StudioError('not-found', `There is no ${kind} “${id}”.`, { kind, id });

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
  const summaries = new Map<string, LicenceSummary>();
  const offers = createChannel<{ datasetId: string; sourceId: string }>();
  const watchers = new Map<string, { watcher: FSWatcher; timer: NodeJS.Timeout | null }>();

  /** @throws StudioError `not-found` */
  const get = (id: string): Source => {
    const source = sources.get(id);
    if (!source) throw notFound('source', id);
    return source;
  };

  const forget = (datasetId: string) => {
    for (const key of summaries.keys()) if (key.split('/')[0] === datasetId) summaries.delete(key);
    changed(datasetId);
  };

  const licence = (datasetId: string, version?: number): LicenceSummary => {
    const key = `${datasetId}/${version ?? ''}`;
    const summary = summaries.get(key) ?? summarizeLicences(sources.rightsCounts(datasetId, version));
    if (!sources.list(datasetId).some((source) => source.importing)) summaries.set(key, summary);
    return summary;
  };

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

  /** What lies in a folder and was never seen there. */
  const newIn = async (source: Source): Promise<FolderFile[]> => {
    if (source.kind !== 'folder') {
      throw new StudioError(
        'not-possible-now',
        `“${source.location}” is no folder, and only folders can bring new files.`,
        { name: source.location },
      );
    }
    const files = await listFolder(source.location);
    const known = new Set(sources.names(source.id));
    return files.filter(({ name }) => hasPictureName(name) && !known.has(name));
  };

  const newFiles = async (id: string): Promise<NewFiles> => {
    const files = await newIn(get(id));
    return { count: files.length, names: files.slice(0, namedFiles).map(({ name }) => name) };
  };

  const stopWatching = (id: string) => {
    const found = watchers.get(id);
    if (!found) return;
    watchers.delete(id);
    if (found.timer) clearTimeout(found.timer);
    found.watcher.close();
  };

  /** Hears of changes where the system tells of them; where it does not, opening the dataset's screen lists anew. */
  const startWatching = (source: Source) => {
    stopWatching(source.id);
    try {
      const watcher = watchFolder(source.location, { recursive: true, persistent: false });
      const entry: { watcher: FSWatcher; timer: NodeJS.Timeout | null } = { watcher, timer: null };
      watchers.set(source.id, entry);
      watcher.on('change', () => {
        if (entry.timer) clearTimeout(entry.timer);
        entry.timer = setTimeout(() => {
          offers.send({ datasetId: source.datasetId, sourceId: source.id });
        }, quietMs);
        entry.timer.unref();
      });
      watcher.on('error', () => stopWatching(source.id));
    } catch {
      // The folder is away, or its disk cannot be watched.
    }
  };
  for (const source of sources.watched()) startWatching(source);

  return {
    get,
    licence,
    /** To be called when what is known of a dataset's pictures was changed. */
    forget,
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

    /** Whatever the pictures of the source do not say themselves follows. A known licence is written as SPDX does. */
    setRights(id: string, rights: Rights): Dataset {
      const { datasetId } = get(id);
      sources.setRights(id, { ...rights, licence: licenceName(rights.licence) });
      forget(datasetId);
      return dataset(datasetId);
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
      if (isWatched) startWatching(source);
      else stopWatching(id);
      changed(source.datasetId);
      return dataset(source.datasetId);
    },

    newFiles,

    /**
     * Takes in what `newFiles` offers; nothing is ever taken in by itself.
     *
     * @throws StudioError `path-missing`, `not-possible-now` where nothing is new
     */
    async addNewFiles(id: string): Promise<{ job: Job; finished: Promise<Dataset> }> {
      const source = get(id);
      const files = await newIn(source);
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

    /** Tells of watched folders that changed, until `signal` aborts; whether files are new is for `newFiles` to say. */
    watch: (signal?: AbortSignal) => offers.follow(() => [], signal),

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

    close(): void {
      for (const id of [...watchers.keys()]) stopWatching(id);
    },
  };
}
