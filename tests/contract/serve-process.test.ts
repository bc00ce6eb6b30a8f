import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { buildIfStale } from '../../src-main/cli/build.ts';
import type { Contract } from '../../src-main/contract/api.ts';
import { studioForTest } from '../helpers/open-studio.ts';
import { startStudioProcess, type StudioProcess } from '../helpers/studio-process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Comes in by the printed address, as a browser does, and talks to the studio over its WebSocket. */
async function visit(studio: StudioProcess) {
  const { origin, host } = new URL(studio.address());
  const entered = await fetch(studio.address(), { redirect: 'manual' });
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
  const socket = new WebSocket(`ws://${host}/rpc`, { headers: { cookie, origin } });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  onTestFinished(() => socket.terminate());
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  return createORPCClient<ContractRouterClient<Contract>>(link);
}

test('Ctrl-C saves the run that is training, and it goes on later from there', async () => {
  await buildIfStale(['kernels', 'renderer']);
  const workspace = join(temporaryFolder(), 'workspace');
  await using studio = await startStudioProcess(workspace, 'start');
  expect(studio.output()).toContain('in the browser: as asked');
  const client = await visit(studio);
  await expect.poll(() => studio.output()).toContain('For another browser');

  const jobs = await client.jobs.watch();
  const project = await client.projects.create({ name: 'Digits' });
  const source = { kind: 'sample', images: 100, seed: 1 } as const;
  const { datasetId, job } = await client.datasets.import({ projectId: project.id, name: 'Digits', source });
  const recipe = { sizePx: 28, channels: 1, background: '#ffffff', labelMode: 'folders' } as const;
  let versionJobId: string | null = null;
  for await (const update of jobs) {
    if (update.state === 'failed') throw new Error(update.failure?.message);
    if (update.state !== 'done') continue;
    if (update.id === job.id && versionJobId === null) {
      versionJobId = (await client.datasets.buildVersion({ id: datasetId, recipe })).job.id;
    }
    const { versions } = await client.datasets.get({ id: datasetId });
    if (versions.length > 0) break;
  }
  const run = await client.runs.create({
    projectId: project.id,
    datasetId,
    version: 1,
    presetId: 'mlp-gan-28',
    settings: { batchSize: 8, hiddenSize: 16 },
    stop: { kind: 'steps', steps: 1_000_000 },
  });
  for await (const event of await client.runs.watch({ id: run.id })) {
    if (event.type === 'run' && event.run.state === 'running' && event.run.step > 0) break;
  }
  expect(await studio.stop()).toBe(0);

  const later = await studioForTest(workspace);
  const kept = later.runs.get(run.id);
  expect(kept.state).toBe('stopped');
  expect(kept.step).toBeGreaterThan(0);
  expect(kept.checkpoints.map(({ step }) => step)).toContain(kept.step);
});

test('a second studio on the same workspace is refused, and the first goes on', async () => {
  await buildIfStale(['kernels', 'renderer']);
  const workspace = join(temporaryFolder(), 'workspace');
  await using first = await startStudioProcess(workspace);
  await expect(startStudioProcess(workspace)).rejects.toThrow(
    new RegExp(`ended with code 1.*open in another Imago Studio \\(process ${first.pid}\\)`, 's'),
  );
  const client = await visit(first);
  expect(await client.projects.list()).toEqual([]);
});
