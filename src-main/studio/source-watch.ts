import { watch as watchFolder, type FSWatcher } from 'node:fs';
import type { NewFiles, Source } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { listFolder, type FolderFile } from '../imaging/folder-source.ts';
import { hasPictureName } from '../imaging/picture-format.ts';
import type { sourceQueries } from '../store/sources.ts';
import { createChannel } from './channel.ts';

/** How many new files are named one by one. */
const namedFiles = 20;
/** A folder that changes is listed again after it was quiet for so long. */
const quietMs = 1000;

/** Folders that pictures came from: what is new in them, and those that are watched. */
export function createSourceWatch(sources: ReturnType<typeof sourceQueries>) {
  const offers = createChannel<{ datasetId: string; sourceId: string }>();
  const watchers = new Map<string, { watcher: FSWatcher; timer: NodeJS.Timeout | null }>();

  /**
   * What lies in a folder and was never seen there.
   *
   * @throws StudioError `path-missing`, `not-possible-now` for anything but a folder
   */
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
    newIn,
    /** As {@link newIn}, told to a person. */
    async newFiles(source: Source): Promise<NewFiles> {
      const files = await newIn(source);
      return { count: files.length, names: files.slice(0, namedFiles).map(({ name }) => name) };
    },
    start: startWatching,
    stop: stopWatching,
    /** Tells of watched folders that changed, until `signal` aborts; whether files are new is for `newFiles` to say. */
    watch: (signal?: AbortSignal) => offers.follow(() => [], signal),
    close(): void {
      for (const id of [...watchers.keys()]) stopWatching(id);
    },
  };
}
