import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { thumbnail, thumbnailPx } from '../imaging/decode.ts';
import { encodePng } from '../imaging/pure/png-encode.ts';
import type { StoredPicture } from '../store/datasets.ts';
import { exists, writeFileAtomic } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { DatasetOriginals } from './dataset-originals.ts';

/** A picture ready to be sent. */
export interface MediaBytes {
  bytes: Uint8Array;
  contentType: string;
}

/** Pictures small enough, in forms that every browser shows, are sent as they came. */
const sentAsTheyAre: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg' };

/** Pictures as the contact sheet shows them. */
export function createThumbnails({
  picture,
  originals,
  workspace,
}: {
  picture: (id: string) => StoredPicture | null;
  originals: DatasetOriginals;
  workspace: Workspace;
}) {
  const originalOf = (of: StoredPicture) => ({ sha256: of.originalSha256, extension: of.extension });
  const cachedPath = ({ originalSha256: sha256 }: StoredPicture) =>
    join(workspace.cacheFolder, 'thumbnails', sha256.slice(0, 2), `${sha256}.webp`);

  /** What need not be made first; null for anything else. */
  const atHand = async (stored: StoredPicture): Promise<MediaBytes | null> => {
    if (stored.originalIndex !== null) {
      const container = await originals.container(stored);
      const { widthPx, heightPx, channels } = container;
      const pixels = await container.pixels(stored.originalIndex);
      return { bytes: encodePng({ pixels, widthPx, heightPx, channels }), contentType: 'image/png' };
    }
    const contentType = sentAsTheyAre[stored.extension];
    if (contentType && Math.max(stored.widthPx, stored.heightPx) <= thumbnailPx) {
      return { bytes: await originals.read(originalOf(stored), stored.name), contentType };
    }
    const cached = cachedPath(stored);
    return (await exists(cached)) ? { bytes: await readFile(cached), contentType: 'image/webp' } : null;
  };

  return {
    /**
     * A picture for the contact sheet, at most 160 pixels on its longer side.
     *
     * @throws StudioError `not-found`, `dataset-changed`
     */
    async one(pictureId: string): Promise<MediaBytes> {
      const stored = picture(pictureId);
      if (!stored) {
        const kind = 'picture';
        throw new StudioError('not-found', `There is no picture “${pictureId}”.`, { kind, id: pictureId });
      }
      const found = await atHand(stored);
      if (found) return found;
      const bytes = await thumbnail(await originals.read(originalOf(stored), stored.name), stored.name);
      await writeFileAtomic(cachedPath(stored), bytes, false);
      return { bytes, contentType: 'image/webp' };
    },

    /**
     * Those of many pictures in one answer, as `data:` addresses by id. What would have to be made first, or cannot be
     * read, is left out; one by one it can be asked for.
     */
    async several(pictureIds: readonly string[]): Promise<Record<string, string>> {
      const found = await Promise.all(
        pictureIds.map(async (id) => {
          const stored = picture(id);
          const media = stored && (await atHand(stored).catch(() => null));
          if (!media) return [];
          return [[id, `data:${media.contentType};base64,${Buffer.from(media.bytes).toString('base64')}`]];
        }),
      );
      return Object.fromEntries(found.flat()) as Record<string, string>;
    },
  };
}
