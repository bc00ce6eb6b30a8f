import type { FileRights, Rights } from '../contract/domain/licences.ts';
import type { ContainerFormat, SourceKind } from '../contract/domain/sources.ts';
import type { StudioError } from '../contract/errors.ts';
import type { Channels } from '../contract/presets.ts';

/** What is known of a picture beside its pixels; null where its source says nothing. */
export interface PictureFactsFromSource {
  /** Path within the source, with `/` between folders; `#n` for the n-th picture of a container. */
  name: string;
  label: string | null;
  caption: string | null;
  rights: FileRights | null;
  /** Further columns of a manifest, a table or a query, kept as they are; values that JSON can hold. */
  columns: Readonly<Record<string, unknown>> | null;
}

/** One picture that a source offers. */
export type SourceItem = PictureFactsFromSource & {
  content:
    | {
        kind: 'file';
        /** Where the file can be read from as it is, by another process too. */
        path?: string;
        /** Its size where that is known before it is read. */
        bytes?: number;
        /** Reads at most 512 MB; @throws StudioError `file-unreadable`, `archive-corrupt` for this picture alone. */
        read(signal: AbortSignal): Promise<Buffer>;
      }
    /** The picture at an index of one of the source's containers. */
    | { kind: 'pixels'; container: number; index: number }
    /** It is named and cannot be had: it goes into quarantine, and the import goes on. */
    | { kind: 'failed'; failure: StudioError };
};

/** A file whose pictures are raw pixels. It becomes an original as a whole. */
export interface ContainerFile {
  path: string;
  /** What it is called in messages and in the names of its pictures. */
  name: string;
  /** Of the stored original, without a leading dot: `idx`, `idx.gz`, `npy`, `npz`, `bin`. */
  extension: string;
  widthPx: number;
  heightPx: number;
  channels: Channels;
}

/** Where pictures are taken from, opened and judged good enough to start. */
export interface OpenedSource {
  kind: SourceKind;
  /** Shown to people and kept in the store: never holds a password. */
  location: string;
  /** How many items there will be; null where that is known only at the end. */
  total: number | null;
  /** About how many bytes will be stored; 0 where nobody can say. */
  bytes: number;
  /** What the source says about all of its pictures, and where it says it. */
  rights: Partial<Rights>;
  rightsFrom: 'nothing' | 'licence-file' | 'manifest';
  /** How the containers' pixels lie; null where items are files. */
  container: ContainerFormat | null;
  containers: readonly ContainerFile[];
  /** Files kept beside the containers, such as the labels of an IDX pair. */
  companions: readonly { path: string; name: string; extension: string }[];
  /**
   * The pictures, in an order that is the same each time the same source is read. It is iterated once; it stops
   * with the signal's reason when that aborts, and holds no more than a few pictures in memory.
   *
   * @throws StudioError what ends the import as a whole
   */
  items(signal: AbortSignal): AsyncIterable<SourceItem>;
  /** Files passed over because they are no pictures; final once the items are through. */
  ignored(): number;
  /** Called once all pictures are stored, before `close`: what was kept for another attempt can go. */
  taken?(): Promise<void>;
  close(): void | Promise<void>;
}

/** What a reader may use beside its own source. */
export interface ReaderContext {
  /** Files that make a second attempt cheaper (downloads); may be emptied at any time. */
  cacheFolder: string;
  /** An empty folder for what has to be unpacked; the reader removes it. */
  newFolder: () => Promise<string>;
  signal: AbortSignal;
}

/** Pictures of a stored container, read back from its file. */
export interface ContainerPictures {
  count: number;
  widthPx: number;
  heightPx: number;
  channels: Channels;
  /** `[heightPx, widthPx, channels]`, 0…255. */
  pixels(index: number): Uint8Array | Promise<Uint8Array>;
  close?(): void | Promise<void>;
}

/**
 * Opens a container original, given its path (large ones are read piece by piece), its format, and its name for
 * messages.
 *
 * @throws StudioError `container-corrupt`
 */
export type OpenContainer<Format extends ContainerFormat> = (
  path: string,
  format: Format,
  name: string,
) => Promise<ContainerPictures>;
