import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writePlanted } from '../bench/planted.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it('A planted set is found: copies, look-alikes, blank and broken files, bombs, wrong folders', async () => {
  const studio = await studioForTest();
  const folder = join(temporaryFolder(), 'planted');
  const planted = await writePlanted(folder, {
    ...{ good: 60, exact: 10, encodedAnew: 6, blank: 4, truncated: 4, mislabelled: 4, bombs: 1, escaping: 0 },
  });
  const project = studio.projects.create('Planted');
  const { datasetId, finished } = await studio.datasets.import(project.id, 'Planted', {
    kind: 'path',
    path: folder,
  });
  await finished;
  const overview = await studio.cleaning.start(datasetId, true).finished;
  const { pictures } = overview;
  expect(overview).toMatchObject({ measured: pictures, embedded: pictures, mapped: pictures });
  for (const [kind, names] of planted) {
    const { items } = studio.cleaning.findings(datasetId, kind, 'open', 0, 1000);
    const found = items.filter(({ name, kept }) => names.has(name) || (kept && names.has(kept.name)));
    expect({ kind, found: found.length }).toEqual({ kind, found: names.size });
    // A blank picture has none of the colours that its label stands for: doubted too, and rightly.
    if (kind === 'label-error') expect(items.length).toBeLessThan(pictures / 10);
    else expect({ kind, others: items.length - found.length }).toEqual({ kind, others: 0 });
  }
  const [error] = studio.cleaning.findings(datasetId, 'label-error', 'open', 0, 1).items;
  const before = studio.datasets.get(datasetId).classes;
  await studio.cleaning.decide(datasetId, 'accept', { findingIds: [error!.id] });
  const [accepted] = studio.cleaning.findings(datasetId, 'label-error', 'accepted', 0, 1).items;
  expect(accepted!.picture).toMatchObject({
    label: error!.reason['suggested'],
    originalLabel: error!.reason['given'],
  });
  expect(studio.datasets.get(datasetId).classes).not.toEqual(before);
  await studio.cleaning.undo(datasetId);
  expect(studio.datasets.get(datasetId).classes).toEqual(before);

  for (const method of ['pca', 'umap'] as const) {
    const map = await studio.cleaning.map(datasetId, method);
    expect(map.pictureIds.length).toBe(pictures);
    expect(map.classes).toEqual(['blue', 'green', 'red']);
    expect(Math.max(...map.x, ...map.y)).toBeLessThanOrEqual(1);
    expect(Math.min(...map.x, ...map.y)).toBeGreaterThanOrEqual(-1);
    expect(new Set(map.x).size).toBeGreaterThan(pictures / 2);
  }
});

it('A review that is cancelled says so, keeps what it measured, and goes on from there', async () => {
  const studio = await studioForTest();
  const { datasetId } = await sampleDataset(studio, 400);
  const { job, finished } = studio.cleaning.start(datasetId, true);
  const ended = finished.catch((error: unknown) => error);
  expect(() => studio.cleaning.start(datasetId, true)).toThrow(/being reviewed already/);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (studio.cleaning.overview(datasetId).measured > 0) break;
  }
  studio.jobs.cancel(job.id);
  expect(await ended).toMatchObject({ code: 'cancelled' });
  const { measured } = studio.cleaning.overview(datasetId);
  expect(measured).toBeGreaterThan(0);
  const again = studio.cleaning.start(datasetId, false);
  const whole = await again.finished;
  expect(whole).toMatchObject({ measured: 400, complete: true });
  expect(studio.jobs.list().find(({ id }) => id === again.job.id)?.total).toBeLessThanOrEqual(400 - measured);
});

const emoji = sharedData('noto-emoji-72');
it.skipIf(emoji === null)(
  'Skin-tone variants of the emoji set come up as groups of look-alikes',
  async () => {
    const studio = await studioForTest();
    const project = studio.projects.create('Emoji');
    const { datasetId, finished } = await studio.datasets.import(project.id, 'Emoji', {
      kind: 'path',
      path: emoji!,
    });
    await finished;
    await studio.cleaning.start(datasetId, false).finished;
    const { items } = studio.cleaning.findings(datasetId, 'near-duplicate', 'open', 0, 5000);
    const groups = Map.groupBy(items, ({ kept }) => kept!.name);
    // Thumbs up in five skin tones, around the one that is kept of them.
    const tones = ['b', 'c', 'd', 'e', 'f'].map((tone) => `emoji_u1f44d_1f3f${tone}.png`);
    const together = [...groups].filter(([kept, members]) => {
      const names = [kept, ...members.map(({ name }) => name)];
      return tones.filter((name) => names.includes(name)).length >= 3;
    });
    expect(together.length).toBe(1);
    const plain = (name: string) => name.replaceAll(/_1f3f[b-f]/g, '');
    const alike = items.filter(({ name, kept }) => plain(name) !== name && plain(name) === plain(kept!.name));
    expect(alike.length).toBeGreaterThan(500);
  },
);
