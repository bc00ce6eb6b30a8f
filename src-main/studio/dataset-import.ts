import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rights } from '../contract/domain/licences.ts';
import { unknownRights } from '../contract/domain/licences.ts';
import type { ImportSource, SourceKind } from '../contract/domain/sources.ts';
import { downloadOptionsSchema } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { pictureFetcher, shownAddress } from '../imaging/downloads.ts';
import { openPostgresqlQuery } from '../imaging/postgresql-query.ts';
import { openSource } from '../imaging/sources.ts';
import type { OpenedSource, ReaderContext } from '../imaging/source-picture.ts';
import { addressesOf, openUrls } from '../imaging/url-list.ts';
import type { Original, datasetQueries } from '../store/datasets.ts';
import type { NewSource, sourceQueries } from '../store/sources.ts';
import { exists, requireDiskSpace, toFileError } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Impression } from './dataset-intake.ts';
import { newImpression, takeIn } from './dataset-intake.ts';
import type { DatasetOriginals } from './dataset-originals.ts';
import type { JobControl } from './jobs.ts';
import { drawSample, sampleAttribution, sampleBytes } from './sample-source.ts';
import { openSqliteQuery } from './sqlite-query.ts';

/** A source that was opened and found good enough to start. */
export interface PreparedImport {
  request: ImportSource;
  /** Null for the sample, which is drawn once the job runs. */
  opened: OpenedSource | null;
}

export interface ImportTools {
  queries: ReturnType<typeof datasetQueries>;
  sources: ReturnType<typeof sourceQueries>;
  workspace: Workspace;
  originals: DatasetOriginals;
}

/**
 * Opens what is to be imported and makes sure that its bytes fit on the disk; nothing is stored yet.
 *
 * @throws StudioError what the readers of each kind throw, `not-found` for an unknown upload, `disk-full`
 */
export async function prepareImport(
  request: ImportSource,
  workspace: Workspace,
  signal: AbortSignal = new AbortController().signal,
): Promise<PreparedImport> {
  if (request.kind === 'sample') {
    await requireDiskSpace(workspace.folder, sampleBytes(request.images));
    return { request, opened: null };
  }
  const context: ReaderContext = {
    cacheFolder: join(workspace.cacheFolder, 'downloads'),
    newFolder: () => workspace.newStaging('unpacked'),
    signal,
  };
  const opened = await openRequest(request, workspace, context).catch((thrown: unknown) => {
    throw toFileError(thrown, workspace.folder);
  });
  try {
    await requireDiskSpace(workspace.folder, opened.bytes);
    return { request, opened };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}

async function openRequest(
  request: Exclude<ImportSource, { kind: 'sample' }>,
  workspace: Workspace,
  context: ReaderContext,
): Promise<OpenedSource> {
  switch (request.kind) {
    case 'path':
    case 'upload': {
      const path = request.kind === 'path' ? request.path : await uploadedPath(request.uploadId, workspace);
      const { arrays, cifarLabels } = request;
      const download = downloadOptionsSchema.parse(request.download ?? {});
      const fetcher = (of: ReaderContext) => pictureFetcher(download, of);
      return openSource(path, context, { arrays, cifarLabels, fetcher });
    }
    case 'sqlite':
      return openSqliteQuery(request, context);
    case 'postgresql':
      return openPostgresqlQuery(request, context);
    case 'urls':
      return openUrls(request, context);
  }
}

/** A lone uploaded file stands for itself (a ZIP, say), anything else for the folder it was dropped as. */
export async function uploadedPath(uploadId: string, workspace: Workspace): Promise<string> {
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

/** What the source's row says before the first picture is in. */
export function initialFacts({
  request,
  opened,
}: PreparedImport): Pick<
  NewSource,
  'kind' | 'location' | 'rights' | 'rightsFrom' | 'container' | 'ignored' | 'request'
> {
  if (opened === null) {
    const sample: Rights = {
      ...unknownRights,
      licence: 'OFL-1.1',
      author: sampleAttribution,
      mayTrain: 'yes',
    };
    const seed = request.kind === 'sample' ? request.seed : 0;
    return {
      kind: 'sample',
      location: `digits, seed ${seed}`,
      rights: sample,
      rightsFrom: 'sample',
      container: { kind: 'idx' },
      ignored: 0,
      request,
    };
  }
  const kind: SourceKind = request.kind === 'upload' ? 'upload' : opened.kind;
  return {
    kind,
    location: request.kind === 'upload' ? '' : opened.location,
    rights: { ...unknownRights, ...opened.rights },
    rightsFrom: opened.rightsFrom,
    container: opened.container,
    ignored: opened.ignored(),
    request: withoutSecrets(request),
  };
}

/** What may be kept of a request: an upload is gone afterwards, and a connection may hold a password. */
function withoutSecrets(request: ImportSource): ImportSource | null {
  switch (request.kind) {
    case 'upload':
    case 'postgresql':
      return null;
    case 'urls':
      return { ...request, urls: addressesOf(request.urls.slice(0, 10_000)).map(shownAddress).join('\n') };
    default:
      return request;
  }
}

/**
 * Takes the pictures of a source in. When it fails or is cancelled, the caller takes back what `stored` names and what
 * the store knows of the source.
 *
 * @param fewest readable pictures that there must be
 * @returns what the pictures have in common, and how many files were passed over
 * @throws StudioError `pictures-too-few`, `path-missing`, `disk-full`, `cancelled`, and what readers throw
 */
export async function runImport(
  { datasetId, sourceId, fewest }: { datasetId: string; sourceId: string; fewest: number },
  prepared: PreparedImport,
  { queries, workspace, originals }: ImportTools,
  control: JobControl,
  stored: Map<string, Original>,
): Promise<{ impression: Impression; ignored: number }> {
  const claims = originals.openClaims();
  const staging = await workspace.newStaging('import');
  const impression = newImpression();
  let opened = prepared.opened;
  try {
    if (opened === null) {
      if (prepared.request.kind !== 'sample') throw new Error('Only the sample is drawn.');
      opened = await drawSample(prepared.request, staging, control);
    }
    const intake = { datasetId, sourceId, queries, claims, staging, stored, fewest, impression, control };
    await takeIn(opened, intake);
    control.signal.throwIfAborted();
    await workspace.syncOriginals(stored.values(), control.signal);
    control.signal.throwIfAborted();
    return { impression, ignored: opened.ignored() };
  } finally {
    claims.release();
    await opened?.close();
    await rm(staging, { recursive: true, force: true });
  }
}

/** Removes what an upload left behind. */
export async function discardUpload(source: ImportSource, workspace: Workspace): Promise<void> {
  if (source.kind !== 'upload') return;
  await rm(join(workspace.uploadsFolder, source.uploadId), { recursive: true, force: true });
}
