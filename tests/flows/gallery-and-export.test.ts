import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { openZip } from '../../src-main/imaging/zip.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function studioWithPictures(count = 12) {
  const studio = await studioForTest();
  const dataset = await sampleDataset(studio);
  const { id: runId } = await smallRun(studio, dataset, { steps: 20 });
  await studio.runs.whenEnded(runId);
  const images = await (await studio.generation.start({ runId, count, seed: 100 })).finished;
  return { studio, runId, images, dataset };
}

interface Manifest {
  images: { file: string; sha256: string; seed: number }[];
  datasets: { hash: string; licence: { name: string } }[];
  checkpoints: { checkpointSha256: string; settings: object; seed: number }[];
}

describe('generated pictures', () => {
  it('are a function of their own seed, whatever else is drawn beside them', async () => {
    const { studio, runId, images } = await studioWithPictures(12);
    expect(new Set(images.map(({ sha256: hash }) => hash)).size).toBe(12);
    const alone = await (await studio.generation.start({ runId, count: 1, seed: 105 })).finished;
    expect(alone[0]).toMatchObject({ id: images[5].id, sha256: images[5].sha256, seed: 105 });
    expect(studio.gallery.list({ trashed: false }, 0, 100).total).toBe(12);
  });

  it('carry where they come from, in their row and in their file', async () => {
    const { studio, runId, images, dataset } = await studioWithPictures(2);
    const { image, provenance } = studio.gallery.get(images[0].id);
    expect(provenance).toMatchObject({
      seed: 100,
      run: { id: runId, step: 20, preset: 'mlp-gan-28', seed: 7 },
      dataset: { id: dataset.datasetId, version: 1, hash: dataset.version.hash },
    });
    expect(readProvenance(await studio.gallery.read(image))).toEqual(provenance);
  });

  it('are starred, put away and brought back', async () => {
    const { studio, runId, images } = await studioWithPictures(4);
    const ids = images.map(({ id }) => id);
    studio.gallery.star([ids[1]], true);
    studio.gallery.trash([ids[2], ids[3]]);
    const list = (filter: object) =>
      studio.gallery.list({ trashed: false, ...filter }, 0, 10).items.map(({ id }) => id);
    expect(list({ starred: true })).toEqual([ids[1]]);
    expect(list({ runId })).toEqual([ids[1], ids[0]]);
    expect(list({ trashed: true })).toEqual([ids[3], ids[2]]);
    studio.gallery.restore([ids[2]]);
    expect(list({})).toEqual([ids[2], ids[1], ids[0]]);
  });

  it('are told to whoever watches the gallery', async () => {
    const { studio, images } = await studioWithPictures(2);
    const watch = studio.gallery.watch();
    expect((await watch.next()).value).toEqual({ images: 2 });
    studio.gallery.trash([images[0].id]);
    expect((await watch.next()).value).toEqual({ images: 1 });
    await watch.return(undefined);
  });

  it('need a checkpoint', async () => {
    const { studio, runId } = await studioWithPictures(1);
    await expect(
      studio.generation.start({ runId, checkpointStep: 13, count: 1, seed: 1 }),
    ).rejects.toMatchObject({ code: 'checkpoint-missing', details: { known: '20' } });
    await expect(studio.generation.start({ runId: 'run-0', count: 1, seed: 1 })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('stop coming when the job is cancelled', async () => {
    const { studio, runId } = await studioWithPictures(1);
    const { job, finished } = await studio.generation.start({ runId, count: 100_000, seed: 0 });
    const failing = expect(finished).rejects.toMatchObject({ code: 'cancelled' });
    studio.jobs.cancel(job.id);
    await failing;
    expect(studio.gallery.list({ trashed: false }, 0, 1).total).toBeLessThan(100_000);
  });
});

describe('an export', () => {
  it('as a folder holds pictures, metadata, manifest and card, and its hashes hold', async () => {
    const { studio, runId, images, dataset } = await studioWithPictures(5);
    const path = join(temporaryFolder(), 'set');
    const { finished } = await studio.exports.start({
      selection: { kind: 'filter', filter: { runId, trashed: false } },
      path,
      format: 'folder',
      embedProvenance: true,
    });
    expect(await finished).toMatchObject({ path, images: 5, format: 'folder' });
    expect(readdirSync(path).sort()).toEqual(['README.md', 'images', 'manifest.json', 'metadata.jsonl']);
    const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as Manifest;
    expect(manifest.images.map(({ seed }) => seed)).toEqual([100, 101, 102, 103, 104]);
    for (const { file, sha256: expected } of manifest.images) {
      const bytes = readFileSync(join(path, file));
      expect(sha256(bytes)).toBe(expected);
      expect(readProvenance(bytes)?.run.id).toBe(runId);
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 28, height: 28 });
    }
    expect(manifest.datasets[0]).toMatchObject({ hash: dataset.version.hash, licence: { name: 'OFL-1.1' } });
    expect(manifest.checkpoints[0].seed).toBe(7);
    const lines = readFileSync(join(path, 'metadata.jsonl'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(5);
    for (const [index, line] of lines.entries()) {
      expect(Object.keys(JSON.parse(line) as object)[0]).toBe('file_name');
      expect((JSON.parse(line) as { seed: number }).seed).toBe(images[index].seed);
    }
    expect(readFileSync(join(path, 'README.md'), 'utf8')).toContain(dataset.version.hash);
    expect(studio.exports.list()).toHaveLength(1);
  });

  it('as a ZIP reads back whole, and imports again', async () => {
    const { studio, images } = await studioWithPictures(5);
    const path = join(temporaryFolder(), 'set.zip');
    const { finished } = await studio.exports.start({
      selection: { kind: 'ids', imageIds: images.slice(1, 4).map(({ id }) => id) },
      path,
      format: 'zip',
      embedProvenance: false,
    });
    const { id } = await finished;
    const zip = await openZip(path);
    const read = async (name: string) => zip.entries.find((entry) => entry.name === name)!.read();
    const manifest = JSON.parse((await read('manifest.json')).toString()) as Manifest;
    expect(manifest.images).toHaveLength(3);
    for (const { file, sha256: expected } of manifest.images) {
      const bytes = await read(file);
      expect(sha256(bytes)).toBe(expected);
      expect(readProvenance(bytes)).toBeNull();
    }
    zip.close();
    expect(await studio.media(`export/${id}`)).toMatchObject({
      contentType: 'application/zip',
      downloadName: 'set.zip',
    });
    const project = studio.projects.create('Back');
    const back = await studio.datasets.import(project.id, 'Back', { kind: 'path', path });
    // metadata.jsonl is read; README.md and manifest.json are passed over.
    expect(await back.finished).toMatchObject({ pictures: 3, quarantined: 0, ignored: 2 });
  });

  it('never writes over anything, and says where it cannot go', async () => {
    const { studio, images } = await studioWithPictures(1);
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full', 'mine.txt'), 'mine');
    writeFileSync(join(folder, 'taken.zip'), 'mine');
    mkdirSync(join(folder, 'empty'));
    const start = (path: string, format: 'folder' | 'zip' = 'folder') =>
      studio.exports.start({
        selection: { kind: 'ids', imageIds: [images[0].id] },
        path,
        format,
        embedProvenance: true,
      });
    await expect(start(join(folder, 'full'))).rejects.toMatchObject({ code: 'export-target-not-empty' });
    await expect(start(join(folder, 'taken.zip'), 'zip')).rejects.toMatchObject({
      code: 'export-target-not-empty',
    });
    await expect(start(join(folder, 'no', 'where'))).rejects.toMatchObject({ code: 'path-missing' });
    await expect(start('relative')).rejects.toMatchObject({ code: 'input-invalid' });
    expect(readdirSync(join(folder, 'full'))).toEqual(['mine.txt']);
    await (
      await start(join(folder, 'empty'))
    ).finished;
    expect(readdirSync(join(folder, 'empty'))).toContain('manifest.json');
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('of a picture whose file is gone fails by name and leaves nothing', async () => {
    const { studio, images } = await studioWithPictures(2);
    const { rmSync } = await import('node:fs');
    const { sha256: hash } = images[1];
    rmSync(join(studio.info().workspace, 'images', hash.slice(0, 2), `${hash}.png`));
    const path = join(temporaryFolder(), 'set');
    const { finished } = await studio.exports.start({
      selection: { kind: 'ids', imageIds: images.map(({ id }) => id) },
      path,
      format: 'folder',
      embedProvenance: true,
    });
    await expect(finished).rejects.toMatchObject({ code: 'file-unreadable' });
    expect(existsSync(path) || existsSync(`${path}.partial`)).toBe(false);
  });
});

describe('start-up', () => {
  it('puts strays in the trash and reports what is missing', async () => {
    const { studio, images } = await studioWithPictures(2);
    const workspace = studio.info().workspace;
    await studio.close();
    const { rmSync } = await import('node:fs');
    const { sha256: hash } = images[0];
    rmSync(join(workspace, 'images', hash.slice(0, 2), `${hash}.png`));
    const stray = 'f'.repeat(64);
    mkdirSync(join(workspace, 'images', 'ff'), { recursive: true });
    writeFileSync(join(workspace, 'images', 'ff', `${stray}.png`), 'stray');
    const again = await studioForTest(workspace);
    const notices = again.info().notices.join('\n');
    expect(notices).toContain(hash);
    expect(notices).toContain(`${stray}.png`);
    expect(readdirSync(join(workspace, 'trash'))[0]).toContain(stray);
  });
});
