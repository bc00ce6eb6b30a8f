import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DatasetVersion } from '../../src-main/contract/domain/datasets.ts';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import { buildIfStale } from '../../src-main/cli/build.ts';
import { openStudio, type Studio } from '../../src-main/studio/studio.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The real studio on a real workspace, closed when the test has finished. */
export async function studioForTest(
  workspace = join(temporaryFolder(), 'workspace'),
  queue: 'all' | 'own' = 'own',
): Promise<Studio> {
  await buildIfStale(['kernels']);
  const studio = await openStudio({
    workspace,
    create: true,
    version: '0.0.0-test',
    queue,
    host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } },
  });
  let closed = false;
  const close = studio.close;
  studio.close = async () => {
    if (closed) return;
    closed = true;
    await close();
  };
  onTestFinished(studio.close);
  return studio;
}

/** The built-in sample as a dataset of its own project, with version 1 at 28×28 grey. */
export async function sampleDataset(
  studio: Studio,
  images = 200,
): Promise<{ projectId: string; datasetId: string; version: DatasetVersion }> {
  const project = studio.projects.create('Digits');
  const { datasetId, finished } = await studio.datasets.import(project.id, 'Digits', {
    kind: 'sample',
    images,
    seed: 1,
  });
  await finished;
  const version = await studio.datasets.buildVersion(datasetId, {
    sizePx: 28,
    channels: 1,
    background: '#ffffff',
    labelMode: 'folders',
  }).finished;
  return { projectId: project.id, datasetId, version };
}

/** A small, quick run of the MLP GAN, with whatever the test wants different. */
export async function smallRun(
  studio: Studio,
  dataset: Awaited<ReturnType<typeof sampleDataset>>,
  options: { steps: number; settings?: Record<string, number | string | boolean>; seed?: number },
): Promise<Run> {
  return studio.runs.create({
    projectId: dataset.projectId,
    datasetId: dataset.datasetId,
    version: dataset.version.version,
    presetId: 'mlp-gan-28',
    settings: { batchSize: 8, hiddenSize: 16, latentSize: 8, ...options.settings },
    seed: options.seed ?? 7,
    stop: { kind: 'steps', steps: options.steps },
  });
}

/** Resolves when `wanted` holds for the run; rejects when the run ends before. */
export async function whenRun(studio: Studio, id: string, wanted: (run: Run) => boolean): Promise<Run> {
  for await (const event of studio.runs.watch(id, Number.MAX_SAFE_INTEGER)) {
    if (event.type !== 'run') continue;
    if (wanted(event.run)) return event.run;
    if (['completed', 'failed'].includes(event.run.state)) {
      throw new Error(
        `The run is ${event.run.state} at step ${event.run.step}: ${event.run.failure?.message}`,
      );
    }
  }
  throw new Error('The watch ended.');
}
