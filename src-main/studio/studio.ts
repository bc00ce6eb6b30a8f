import type { HostAbilities, Machine, Preferences, StudioInfo } from '../contract/domain/studio.ts';
import { openDatabase } from '../store/database.ts';
import { preferenceQueries } from '../store/preferences.ts';
import { openWorkspace } from '../workspace/workspace.ts';
import { createAugmentations } from './augmentations.ts';
import { createBackends } from './backends.ts';
import { createCleaning } from './cleaning.ts';
import { createDatasets } from './datasets.ts';
import { pictureJudgements } from './picture-judgements.ts';
import { createEstimates } from './estimate.ts';
import { createExports } from './exports.ts';
import { createGallery } from './gallery.ts';
import { createGeneration } from './generation.ts';
import { createJobs } from './jobs.ts';
import { describeMachine } from './machine.ts';
import { createMedia } from './media.ts';
import { createPictures } from './pictures.ts';
import { createProjects } from './projects.ts';
import { reconcile } from './reconcile.ts';
import { createRepairs } from './repairs.ts';
import { createRuns } from './runs.ts';
import { createUploads } from './uploads.ts';
import { tendWriteAheadLog } from './write-ahead-log.ts';

/** What the face around the studio provides. */
export interface Host {
  readonly abilities: HostAbilities;
  /** A native dialog; null when dismissed. Absent where `abilities.nativeDialogs` is false. */
  choosePath?(
    purpose: 'pictures-folder' | 'pictures-file' | 'export-folder' | 'export-zip',
  ): Promise<string | null>;
  showInFolder?(path: string): void;
}

export type { Media } from './media.ts';

export type Studio = Awaited<ReturnType<typeof openStudio>>;

/**
 * Opens a workspace with everything that works on it. The one composition root: each use case is made here
 * and handed what it needs.
 *
 * @param options.create whether a folder that does not exist may be made
 * @param options.queue `all` also works off runs that an earlier process left in the queue
 * @throws StudioError `workspace-missing`, `workspace-read-only`, `workspace-in-use`, `workspace-newer`
 */
export async function openStudio(options: {
  workspace: string;
  create: boolean;
  version: string;
  host: Host;
  queue: 'all' | 'own';
}) {
  const workspace = await openWorkspace(options.workspace, { create: options.create });
  let database;
  try {
    database = openDatabase(workspace.databaseFile);
  } catch (error) {
    await workspace.close();
    throw error;
  }
  const writeAheadLog = tendWriteAheadLog(database);
  const { version, host } = options;
  const jobs = createJobs();
  const uploads = createUploads({ workspace });
  const datasets = createDatasets({ database, workspace, jobs, judgements: pictureJudgements(database) });
  const notices = [...(await datasets.recover()), ...(await reconcile(database, workspace))];
  const backends = createBackends({ database });
  const cleaning = createCleaning({ database, workspace, jobs, backends, datasets });
  const pictures = createPictures({ database, datasets, decide: cleaning.decideInTurn });
  const runs = createRuns({ database, backends, workspace, datasets, queue: options.queue });
  const projects = createProjects({ database, hasLiveRun: runs.hasLive });
  const gallery = createGallery({ database, workspace });
  const generation = createGeneration({ workspace, backends, jobs, runs, datasets, gallery, version });
  const repairs = createRepairs({ workspace, backends, jobs, runs, datasets, gallery, version });
  const exports = createExports({ database, jobs, gallery, version });
  const estimates = createEstimates({ jobs, backends });
  const augmentations = createAugmentations({ datasets });
  const media = createMedia({ workspace, augmentations, datasets, runs, gallery, repairs, exports });
  const preferences = preferenceQueries(database);
  if (options.queue === 'all') {
    const gone = await backends.pinNotice();
    if (gone) notices.push(gone.message);
    runs.start();
  }

  return {
    host,
    backends,
    projects,
    datasets,
    pictures,
    cleaning,
    jobs,
    runs,
    estimates,
    augmentations,
    generation,
    repairs,
    gallery,
    exports,
    uploads,
    media,
    info: (): StudioInfo => ({ version, workspace: workspace.folder, abilities: host.abilities, notices }),
    machine: (): Promise<Machine> => describeMachine(workspace.folder),
    preferences: (): Preferences => preferences.read(),
    setPreferences(changes: Partial<Preferences>): Preferences {
      const written = preferences.write(changes);
      runs.start();
      return written;
    },
    /** Saves and ends the active run, cancels the other jobs, and gives the workspace back. */
    async close(): Promise<void> {
      await Promise.all([runs.close(), jobs.close(), cleaning.close(), backends.close()]);
      datasets.close();
      await writeAheadLog.close();
      database.close();
      await workspace.close();
    },
  };
}
