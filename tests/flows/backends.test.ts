import { createServer, type Server } from 'node:http';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { preferenceChangesSchema } from '../../src-main/contract/domain/studio.ts';
import { installTensorflow, uninstallTensorflow } from '../../src-main/studio/backends-install.ts';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';
import { imago } from '../helpers/command-line.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';
import { noGraphics, setEnvironment, softwareGraphics } from '../helpers/software-graphics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const graphics = softwareGraphics();
if (graphics === null) console.warn('Flows on a graphics device are skipped: SwiftShader is not installed.');

const preload = (name: string) => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(projectFolder, 'tests', 'fixtures', 'engine-trouble', name))}`,
});

describe('a machine without a graphics device', () => {
  it('says of each backend what it is, or what is missing', async () => {
    setEnvironment(noGraphics);
    const studio = await studioForTest();
    const before = studio.backends.list();
    expect(before.backends.map(({ probe }) => probe)).toEqual([null, null, null, null]);
    const { backends, chosen, pinned, notice } = await studio.backends.probe();
    expect({ chosen, pinned, notice }).toEqual({ chosen: 'wasm', pinned: null, notice: null });
    const of = (id: string) => backends.find((backend) => backend.id === id)!.probe!;
    for (const id of ['wasm', 'cpu']) {
      expect(of(id)).toMatchObject({
        refusal: null,
        device: { software: false, name: expect.stringContaining('CPU') },
      });
      expect(of(id).stepMs).toBeGreaterThan(0);
    }
    expect(of('webgpu')).toMatchObject({ device: null, refusal: { code: 'backend-unavailable' } });
    expect(of('webgpu').refusal!.message).toMatch(/Install|Update/);
    // Kept with its date: another studio on this workspace need not probe again.
    const workspace = studio.info().workspace;
    await studio.close();
    expect((await studioForTest(workspace)).backends.list().backends).toEqual(backends);
  });

  it('uses the next backend where the pinned one has gone, says so, and keeps the pin', async () => {
    setEnvironment(noGraphics);
    const workspace = join(temporaryFolder(), 'workspace');
    const first = await studioForTest(workspace);
    const { chosen, notice } = await first.backends.pin('webgpu');
    expect(chosen).toBe('wasm');
    expect(notice).toMatchObject({ details: { backend: 'webgpu', used: 'wasm', reason: 'pinned-gone' } });
    await first.close();

    const studio = await studioForTest(workspace, 'all');
    expect(studio.info().notices).toEqual([
      expect.stringMatching(/“webgpu” is not there.*“wasm” is used.*the pin stays/),
    ]);
    const { id } = await smallRun(studio, await sampleDataset(studio), { steps: 4 });
    expect(await studio.runs.whenEnded(id)).toMatchObject({ state: 'completed', backend: { id: 'wasm' } });
    expect(studio.runs.notes(id).find(({ kind }) => kind === 'started')!.detail).toContain(
      '“webgpu” is not there',
    );
    expect(studio.preferences().backend).toBe('webgpu');
  });

  it('keeps the other preferences when one is changed', async () => {
    const studio = await studioForTest();
    await studio.backends.pin('cpu');
    studio.setPreferences(preferenceChangesSchema.parse({ theme: 'dark' }));
    expect(studio.preferences()).toMatchObject({ theme: 'dark', backend: 'cpu', language: 'system' });
  });

  it('trains on the one that a run names', async () => {
    setEnvironment(noGraphics);
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const { id } = await studio.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: dataset.version.version,
      presetId: 'mlp-gan-28',
      settings: { batchSize: 8, hiddenSize: 16, latentSize: 8 },
      stop: { kind: 'steps', steps: 3 },
      backend: 'cpu',
    });
    expect(await studio.runs.whenEnded(id)).toMatchObject({ state: 'completed', backend: { id: 'cpu' } });
  });
});

describe.skipIf(graphics === null)('a machine whose graphics device is imitated', () => {
  it('never chooses it by itself, and uses it where it is pinned', async () => {
    setEnvironment(graphics!);
    const studio = await studioForTest();
    const probed = await studio.backends.probe('webgpu');
    const { probe } = probed.backends.find(({ id }) => id === 'webgpu')!;
    expect(probe).toMatchObject({
      refusal: null,
      device: { software: true, vendor: 'google' },
      remark: expect.stringContaining('imitates'),
    });
    expect(probe!.stepMs).toBeGreaterThan(0);
    expect(probed.chosen).toBe('wasm');
    expect(await studio.backends.pin('webgpu')).toMatchObject({ chosen: 'webgpu', notice: null });
    const { id } = await smallRun(studio, await sampleDataset(studio), { steps: 3 });
    const run = await studio.runs.whenEnded(id);
    expect(run).toMatchObject({ state: 'completed', backend: { id: 'webgpu' } });
    expect(run.backend!.device).toContain('SwiftShader');
    const { finished } = await studio.generation.start({ runId: id, count: 2, seed: 1 });
    expect(await finished).toHaveLength(2);
  });

  it('interrupts a run whose device is lost, keeps its checkpoint, and goes on elsewhere', async () => {
    setEnvironment({ ...graphics!, ...preload('lose-device.mjs') });
    const studio = await studioForTest();
    await studio.backends.pin('webgpu');
    const { id } = await smallRun(studio, await sampleDataset(studio), {
      steps: 12,
      settings: { checkpointEverySteps: 4 },
    });
    const lost = await studio.runs.whenEnded(id);
    expect(lost).toMatchObject({
      state: 'interrupted',
      failure: {
        code: 'backend-lost',
        message: expect.stringContaining('GPU lost'),
        details: { next: 'wasm' },
      },
    });
    const checkpoint = (await studio.runs.checkpoints.last(id))!;
    expect(checkpoint.step).toBe(4);
    await studio.runs.resume(id, undefined, 'wasm');
    const run = await studio.runs.whenEnded(id);
    expect(run).toMatchObject({ state: 'completed', step: 12, failure: null, backend: { id: 'wasm' } });
    expect(studio.runs.notes(id).filter(({ kind }) => kind === 'resumed')).toMatchObject([{ step: 4 }]);
  });

  it('tells a driver that crashes from a bug in the model', async () => {
    setEnvironment({ ...graphics!, ...preload('crash-at-start.mjs') });
    const studio = await studioForTest();
    await studio.backends.pin('webgpu');
    const { id } = await smallRun(studio, await sampleDataset(studio), { steps: 4 });
    expect(await studio.runs.whenEnded(id)).toMatchObject({
      state: 'interrupted',
      failure: {
        code: 'backend-lost',
        message: expect.stringMatching(/“webgpu” ended its process twice.*says nothing about the model/),
        details: { reason: 'crashes-at-start', next: 'wasm' },
      },
    });
  });
});

describe('memory that runs out', () => {
  it('stops the run with what it needed and had, and names a batch that fits', async () => {
    setEnvironment({ ...noGraphics, ...preload('little-memory.mjs') });
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio, 520);
    const { id } = await studio.runs.create({
      projectId: dataset.projectId,
      datasetId: dataset.datasetId,
      version: dataset.version.version,
      presetId: 'dcgan-28',
      settings: { batchSize: 512, rescues: 0 },
      stop: { kind: 'steps', steps: 2 },
    });
    const { state, failure } = await studio.runs.whenEnded(id);
    expect({ state, code: failure?.code }).toEqual({ state: 'failed', code: 'out-of-memory' });
    const { neededBytes, hadBytes, suggestedBatch, batch, reason } = failure!.details;
    expect({ batch, reason, suggestedBatch }).toEqual({
      batch: 512,
      reason: 'try-batch',
      suggestedBatch: 256,
    });
    expect(Number(hadBytes)).toBeLessThanOrEqual(160_000_000);
    expect(Number(neededBytes)).toBeGreaterThan(Number(hadBytes));
    expect(failure!.message).toMatch(/batch 512 needs about \d+ MB.*Try batch 256/);
    // The app lives.
    const small = await smallRun(studio, dataset, { steps: 2 });
    expect((await studio.runs.whenEnded(small.id)).state).toBe('completed');
  });
});

describe('imago backends', () => {
  it('prints the table, pins, and answers with an exit code', async () => {
    const workspace = ['--workspace', join(temporaryFolder(), 'workspace')];
    const listed = await imago('backends', ...workspace, '--json');
    expect(listed.json).toMatchObject({ chosen: 'wasm', pinned: null });
    const pinned = await imago('backends', 'pin', 'cpu', ...workspace, '--json');
    expect(pinned.json).toMatchObject({ chosen: 'cpu', pinned: 'cpu' });
    const table = await imago('backends', ...workspace);
    expect(table.stdout).toMatch(/\* cpu .*CPU, plain JavaScript/);
    expect(table.stdout).toContain('Pinned: cpu.');
    expect((await imago('backends', 'pin', 'abacus', ...workspace)).exitCode).toBe(2);
    const automatic = await imago('backends', 'pin', 'auto', ...workspace, '--json');
    expect(automatic.json).toMatchObject({ chosen: 'wasm', pinned: null });
  });
});

describe('installing TensorFlow', () => {
  const serve = async (answer: Parameters<typeof createServer>[1]): Promise<string> => {
    const server: Server = createServer(answer as Parameters<typeof createServer>[1] & (() => void));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/libtensorflow.tar.gz`;
  };
  /** A package as npm leaves it: with a manifest, and without a library. */
  const packageFolder = async (): Promise<string> => {
    const folder = join(temporaryFolder(), 'tfjs-node-gpu');
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{}\n');
    return folder;
  };
  const attempt = async (
    options: { library?: string; sha256?: string; unchecked?: boolean },
    progress: (receivedBytes: number, totalBytes: number | null) => void = () => undefined,
  ) => {
    const folder = await packageFolder();
    const signal = new AbortController().signal;
    const failure = await installTensorflow(
      { ...options, signal, say: () => undefined, progress },
      folder,
    ).then(
      () => null,
      (error: unknown) => error,
    );
    expect(await readFile(join(folder, 'package.json'), 'utf8')).toBe('{}\n');
    return failure;
  };
  const failedWith = (reason: string, message: RegExp) =>
    expect.objectContaining({
      code: 'backend-install-failed',
      message: expect.stringMatching(message),
      details: expect.objectContaining({ reason }),
    });

  it('looks for the driver, CUDA and cuDNN before anything is fetched', async () => {
    let asked = false;
    const library = await serve((_request, response) => {
      asked = true;
      response.end();
    });
    const failure = await attempt({ library });
    // On a machine that has them all the fetch begins, and the empty archive is refused later.
    if (asked) return;
    expect(failure).toEqual(
      expect.objectContaining({
        message: expect.stringMatching(/(NVIDIA driver|CUDA 11|cuDNN 8).*Install it first/),
      }),
    );
  });

  it('says what the server answered', async () => {
    const library = await serve((_request, response) => response.writeHead(403).end());
    expect(await attempt({ library, unchecked: true })).toEqual(
      failedWith('download-failed', /answered 403.*--library/),
    );
  });

  it('refuses a download that broke off', async () => {
    const library = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(Buffer.alloc(400));
      setTimeout(() => response.destroy(), 50);
    });
    expect(await attempt({ library, unchecked: true })).toEqual(
      failedWith('download-failed', /could not be fetched/),
    );
  });

  it('shows progress and refuses an archive other than the one that was named', async () => {
    const bytes = Buffer.alloc(300_000, 7);
    const library = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    const seen: [number, number | null][] = [];
    const failure = await attempt({ library, sha256: '00'.repeat(32), unchecked: true }, (received, total) =>
      seen.push([received, total]),
    );
    expect(failure).toEqual(failedWith('wrong-checksum', /SHA-256 is [0-9a-f]{64}/));
    expect(seen.at(-1)).toEqual([300_000, 300_000]);
  });

  it('names a path that is not there', async () => {
    expect(await attempt({ library: '/nowhere/libtensorflow.tar.gz', unchecked: true })).toEqual(
      failedWith('library-missing', /\/nowhere\/libtensorflow/),
    );
  });

  it('is undone to what npm left', async () => {
    const folder = await packageFolder();
    for (const part of ['deps', 'lib', 'build-tmp-napi-v8'])
      await mkdir(join(folder, part, 'inner'), { recursive: true });
    expect(await uninstallTensorflow(folder)).toBe(true);
    expect(await uninstallTensorflow(folder)).toBe(false);
    expect(await readFile(join(folder, 'package.json'), 'utf8')).toBe('{}\n');
  });
});
