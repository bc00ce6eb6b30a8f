import { readFile } from 'node:fs/promises';
import type { GalleryFilter, Image, Provenance } from '../contract/domain/images.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import type { Database } from '../store/database.ts';
import { imageQueries } from '../store/images.ts';
import { newId } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { createChannel } from './channel.ts';

export type Gallery = ReturnType<typeof createGallery>;

/** The generated pictures: kept, starred, put away and brought back. */
export function createGallery({ database, workspace }: { database: Database; workspace: Workspace }) {
  const queries = imageQueries(database);
  const changes = createChannel<{ images: number }>();
  const changed = () => changes.send({ images: queries.count() });
  const get = (id: string) => {
    const found = queries.get(id);
    if (found) return found;
    throw new StudioError('not-found', `There is no generated picture “${id}”.`, { kind: 'image', id });
  };
  return {
    get,
    list: queries.list,
    isInput: queries.isInput,
    /** Stores a PNG and its row; the file is on disk before the row is. */
    async add(picture: {
      png: Uint8Array;
      runId: string;
      checkpointStep: number;
      seed: number;
      /** The class it shows, of a conditional model. */
      label?: string | undefined;
      /** How it was sampled, for a family where that can be chosen. */
      sampling?: Settings;
      /** What it was made from, where it is a repair. */
      repair?: Image['repair'];
      sizePx: number;
      provenance: Provenance;
    }): Promise<Image> {
      const sha256 = await workspace.putImage(picture.png);
      const image = queries.put(
        {
          id: newId('image'),
          sha256,
          runId: picture.runId,
          checkpointStep: picture.checkpointStep,
          seed: picture.seed,
          ...(picture.label === undefined ? {} : { label: picture.label }),
          ...(picture.sampling === undefined ? {} : { sampling: picture.sampling }),
          ...(picture.repair === undefined ? {} : { repair: picture.repair }),
          widthPx: picture.sizePx,
          heightPx: picture.sizePx,
          bytes: picture.png.length,
          createdAt: Date.now(),
        },
        picture.provenance,
      );
      changed();
      return image;
    },
    /** The PNG's bytes. @throws StudioError `file-unreadable` when the file is gone */
    async read(image: Image): Promise<Buffer> {
      const path = workspace.imagePath(image.sha256);
      try {
        return await readFile(path);
      } catch (error) {
        throw new StudioError(
          'file-unreadable',
          `The file of picture “${image.id}” cannot be read: ${path}. Generate seed ${image.seed} of run “${image.runId}” again to bring it back.`,
          { path },
          error,
        );
      }
    },
    star(ids: readonly string[], starred: boolean): void {
      for (const id of ids) get(id);
      queries.setStarred(ids, starred);
      changed();
    },
    trash(ids: readonly string[]): void {
      for (const id of ids) get(id);
      queries.setTrashed(ids, Date.now());
      changed();
    },
    restore(ids: readonly string[]): void {
      for (const id of ids) get(id);
      queries.setTrashed(ids, null);
      changed();
    },
    /** Every picture of a filter, in pages, newest first. */
    *each(filter: GalleryFilter): Generator<Image> {
      const pageSize = 500;
      for (let offset = 0; ; offset += pageSize) {
        const { items } = queries.list(filter, offset, pageSize);
        yield* items;
        if (items.length < pageSize) return;
      }
    },
    watch: (signal?: AbortSignal) => changes.follow(() => [{ images: queries.count() }], signal),
  };
}
