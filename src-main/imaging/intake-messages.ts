import type { FileRights } from '../contract/domain/licences.ts';
import type { Failure } from '../contract/errors.ts';

/** A picture to be looked at: where its file is, or its bytes. */
export interface IntakeItem {
  name: string;
  path: string | null;
  bytes: Uint8Array | null;
}

export interface IntakeOrder {
  id: number;
  /** Where files go until they are claimed. */
  staging: string;
  items: readonly IntakeItem[];
}

export type IntakeResult =
  | {
      kind: 'taken';
      sha256: string;
      extension: string;
      bytes: number;
      /** Where the file waits. */
      file: string;
      widthPx: number;
      heightPx: number;
      isGrey: boolean;
      rights: FileRights | null;
    }
  | { kind: 'refused'; failure: Failure }
  /** The path could not be read; the studio, which knows the source, says why. */
  | { kind: 'not-read' }
  /** What is wrong with the disk that it was to be written to. */
  | { kind: 'not-written'; code: string; message: string };

export interface IntakeAnswer {
  id: number;
  results: readonly IntakeResult[];
}
