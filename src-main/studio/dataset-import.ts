import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, ImportSource, Licence } from '../contract/domain/datasets.ts';
import { StudioError } from '../contract/errors.ts';
import { sampleFonts, samplePx } from '../imaging/sample-digits.ts';
import type { PictureSource } from '../imaging/sources.ts';
import { openSource } from '../imaging/sources.ts';
import type { Original, datasetQueries } from '../store/datasets.ts';
import { exists, requireDiskSpace } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Intake } from './dataset-intake.ts';
import { newImpression, propose, takeFiles, takeIdx, takeSample } from './dataset-intake.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import type { JobControl } from './jobs.ts';

/** What an import is about to take in, opened and found good enough to start. */
export type PreparedImport =
  | {
      kind: 'files';
      source: Extract<PictureSource, { kind: 'folder' | 'zip' }>;
      sourceKind: 'folder' | 'zip' | 'upload';
    }
  | { kind: 'idx'; source: Extract<PictureSource, { kind: 'idx' }>; sourceKind: 'idx' | 'upload' }
  | { kind: 'sample'; images: number; seed: number };

export interface ImportTools {
  queries: ReturnType<typeof datasetQueries>;
  workspace: Workspace;
  originals: DatasetOriginals;
}

/**
 * Opens what is to be imported and makes sure that its bytes fit on the disk; nothing is stored yet.
 *
 * @throws StudioError what `openSource` throws, `not-found` for an unknown upload, `idx-corrupt`, `disk-full`
 */
export async function prepareImport(source: ImportSource, workspace: Workspace): Promise<PreparedImport> {
  if (source.kind === 'sample') {
    await requireDiskSpace(workspace.folder, source.images * (samplePx * samplePx + 200));
    return { kind: 'sample', images: source.images, seed: source.seed };
  }
  const path = source.kind === 'path' ? source.path : await uploadedPath(source.uploadId, workspace);
  const opened = await openSource(path);
  try {
    if (opened.kind === 'idx') {
      const labelBytes = opened.labels === null ? 0 : (await stat(opened.labels)).size;
      await requireDiskSpace(workspace.folder, (await stat(opened.images)).size + labelBytes);
      return { kind: 'idx', source: opened, sourceKind: source.kind === 'upload' ? 'upload' : 'idx' };
    }
    const bytes = opened.pictures.reduce((sum, picture) => sum + picture.bytes, 0);
    await requireDiskSpace(workspace.folder, bytes);
    return { kind: 'files', source: opened, sourceKind: source.kind === 'upload' ? 'upload' : opened.kind };
  } catch (thrown) {
    opened.close();
    throw thrown;
  }
}

/** A lone uploaded file stands for itself (a ZIP, say), anything else for the folder it was dropped as. */
async function uploadedPath(uploadId: string, workspace: Workspace): Promise<string> {
  const folder = join(workspace.uploadsFolder, uploadId);
  if (!(await exists(folder))) {
    throw new StudioError('not-found', `There is no upload “${uploadId}”. Send the files again.`, {
      kind: 'upload',
      id: uploadId,
    });
  }
  const entries = await readdir(folder, { withFileTypes: true });
  const [only] = entries;
  return entries.length === 1 && only?.isFile() ? join(folder, only.name) : folder;
}

/** What the dataset's row says before the first picture is in. */
export function initialFacts(
  prepared: PreparedImport,
): Pick<Dataset, 'source' | 'licence' | 'ignored' | 'proposal'> {
  const proposal: Dataset['proposal'] = { sizePx: 28, channels: 1, labelMode: 'none' };
  switch (prepared.kind) {
    case 'files': {
      const { source, sourceKind } = prepared;
      const location = sourceKind === 'upload' ? '' : source.location;
      const licence = { name: source.licence, attribution: '' };
      return { source: { kind: sourceKind, location }, licence, ignored: source.ignored, proposal };
    }
    case 'idx': {
      const { source, sourceKind } = prepared;
      const location = sourceKind === 'upload' ? '' : source.location;
      return {
        source: { kind: sourceKind, location },
        licence: { name: '', attribution: '' },
        ignored: 0,
        proposal,
      };
    }
    case 'sample':
      return {
        source: { kind: 'sample', location: `digits, seed ${prepared.seed}` },
        licence: sampleLicence,
        ignored: 0,
        proposal,
      };
  }
}

const sampleLicence: Licence = {
  name: 'OFL-1.1',
  attribution: `Drawn by Imago Studio after the fonts ${sampleFonts.map(({ title }) => title).join(', ')} (SIL Open Font License 1.1)`,
};

/**
 * Takes the pictures in. When it fails or is cancelled, the dataset and every original that nothing else
 * refers to are gone again.
 *
 * @throws StudioError `pictures-too-few`, `path-missing`, `disk-full`, `idx-corrupt`, `idx-mismatch`,
 *   `cancelled`
 */
export async function runImport(
  datasetId: string,
  prepared: PreparedImport,
  tools: ImportTools,
  control: JobControl,
): Promise<void> {
  const claims = tools.originals.openClaims();
  const stored: Original[] = [];
  const intake: Intake = {
    datasetId,
    queries: tools.queries,
    put: async (bytes, extension) => {
      const original = await claims.put(bytes, extension);
      stored.push(original);
      return original;
    },
    impression: newImpression(),
    control,
  };
  try {
    switch (prepared.kind) {
      case 'files':
        await takeFiles(prepared.source, intake);
        break;
      case 'idx':
        await takeIdx(prepared.source, intake);
        break;
      case 'sample':
        await takeSample(prepared, intake);
        break;
    }
    control.signal.throwIfAborted();
    tools.queries.finish(datasetId, propose(intake.impression));
  } catch (thrown) {
    claims.release();
    const unused = tools.queries.removeUnfinished(datasetId, tools.originals.isClaimed);
    await tools.originals.removeFiles([...unused, ...withoutRows(stored, tools)]);
    throw thrown;
  } finally {
    claims.release();
    if (prepared.kind !== 'sample') prepared.source.close();
  }
}

/** Originals whose file was written and whose row never was. */
function withoutRows(stored: readonly Original[], { queries, originals }: ImportTools): Original[] {
  const known = new Set(queries.originals().map(({ sha256 }) => sha256));
  return stored.filter(({ sha256 }) => !known.has(sha256) && !originals.isClaimed(sha256));
}

/** Removes what an upload left behind. */
export async function discardUpload(source: ImportSource, workspace: Workspace): Promise<void> {
  if (source.kind !== 'upload') return;
  await rm(join(workspace.uploadsFolder, source.uploadId), { recursive: true, force: true });
}
