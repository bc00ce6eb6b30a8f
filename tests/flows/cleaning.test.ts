import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CleaningOverview, FindingKind } from '../../src-main/contract/domain/cleaning.ts';
import type { Studio } from '../../src-main/studio/studio.ts';
import { studioForTest } from '../helpers/open-studio.ts';
import { writePlantedSet } from '../helpers/planted-set.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const counts = ({ counts: all }: CleaningOverview, kind: FindingKind) => {
  const { open, accepted, rejected } = all.find((each) => each.kind === kind)!;
  return { open, accepted, rejected };
};
const names = (studio: Studio, id: string, kind: FindingKind) =>
  studio.cleaning.findings(id, kind, 'open', 0, 1000).items.map(({ name }) => name);
const numbered = (prefix: string, count: number, extension: string) =>
  Array.from({ length: count }, (_, at) => `${prefix}-${at}.${extension}`).sort();

async function plantedDataset(workspace?: string) {
  const studio = await studioForTest(workspace);
  const folder = join(temporaryFolder(), 'planted');
  await writePlantedSet(folder, {
    ...{ good: 40, exact: 8, encodedAnew: 6, blank: 5, truncated: 3, blurred: 4, noisy: 4 },
  });
  const project = studio.projects.create('Planted');
  const { datasetId, finished } = await studio.datasets.import(project.id, 'Planted', {
    kind: 'path',
    path: folder,
  });
  await finished;
  return { studio, datasetId };
}

describe('A review of a dataset', () => {
  it('finds what was planted, each with its reason and a proposed action, and nothing else', async () => {
    const { studio, datasetId } = await plantedDataset();
    const found = await studio.cleaning.start(datasetId, false).finished;
    expect(found).toMatchObject({ measured: 67, pictures: 67, complete: true, excluded: 0 });
    // Of two equal files either may be kept.
    expect(counts(found, 'exact-duplicate').open).toBe(8);
    expect(names(studio, datasetId, 'near-duplicate').sort()).toEqual(numbered('again', 6, 'jpg'));
    expect(names(studio, datasetId, 'blank').sort()).toEqual(numbered('blank', 5, 'png'));
    expect(names(studio, datasetId, 'unreadable').sort()).toEqual(numbered('truncated', 3, 'png'));
    expect(names(studio, datasetId, 'blurred').sort()).toEqual(numbered('blurred', 4, 'png'));
    expect(names(studio, datasetId, 'noisy').sort()).toEqual(numbered('noisy', 4, 'png'));
    const [first] = studio.cleaning.findings(datasetId, 'near-duplicate', 'open', 0, 1).items;
    expect(first).toMatchObject({ action: 'exclude', state: 'open', reason: { kept: first!.kept!.name } });
    expect(first!.kept!.name).toMatch(/^(good|exact)-/);
    expect(studio.cleaning.findings(datasetId, 'noisy', 'open', 0, 1).items[0]!.action).toBe('denoise');
    expect(studio.cleaning.findings(datasetId, 'unreadable', 'open', 0, 1).items[0]!.failure?.code).toBe(
      'file-unreadable',
    );
  });

  it('keeps what is accepted out of the next version, and takes it in again', async () => {
    const { studio, datasetId } = await plantedDataset();
    await studio.cleaning.start(datasetId, false).finished;
    const recipe = { sizePx: 32, channels: 3, labelMode: 'none' } as const;
    const whole = await studio.datasets.buildVersion(datasetId, recipe).finished;
    expect(whole.images).toBe(67);

    const accepted = await studio.cleaning.decide(datasetId, 'accept', { kind: 'blank' });
    expect(counts(accepted, 'blank')).toEqual({ open: 0, accepted: 5, rejected: 0 });
    expect(accepted.excluded).toBe(5);
    const without = await studio.datasets.buildVersion(datasetId, recipe).finished;
    expect(without.images).toBe(62);
    expect(studio.datasets.pictures(datasetId, 0, 100).total).toBe(67);
    const { total, items } = studio.datasets.pictures(datasetId, 0, 100, undefined, 'excluded');
    expect(total).toBe(5);
    expect(items.every(({ excluded }) => excluded)).toBe(true);
    expect(studio.datasets.pictures(datasetId, 0, 100, undefined, 'kept').total).toBe(62);

    const turned = await studio.cleaning.exclude(datasetId, [items[0]!.id], false);
    expect(turned.excluded).toBe(4);
    expect(counts(turned, 'blank')).toEqual({ open: 0, accepted: 4, rejected: 1 });
    const undone = await studio.cleaning.undo(datasetId);
    expect(undone.excluded).toBe(5);
    expect(counts(undone, 'blank')).toEqual({ open: 0, accepted: 5, rejected: 0 });
    const back = await studio.cleaning.undo(datasetId);
    expect(back).toMatchObject({ excluded: 0, lastDecision: null });
    expect(counts(back, 'blank')).toEqual({ open: 5, accepted: 0, rejected: 0 });
    expect((await studio.cleaning.undo(datasetId)).excluded).toBe(0);
  });

  it('decides one by one, and remembers it when it looks again', async () => {
    const { studio, datasetId } = await plantedDataset();
    await studio.cleaning.start(datasetId, false).finished;
    const [one, two] = studio.cleaning.findings(datasetId, 'blurred', 'open', 0, 10).items;
    await studio.cleaning.decide(datasetId, 'reject', { findingIds: [one!.id] });
    await studio.cleaning.decide(datasetId, 'accept', { findingIds: [two!.id] });
    const again = await studio.cleaning.start(datasetId, false).finished;
    expect(counts(again, 'blurred')).toEqual({ open: 2, accepted: 1, rejected: 1 });
    expect(again.excluded).toBe(1);
  });

  it('moves with its thresholds, without measuring again', async () => {
    const { studio, datasetId } = await plantedDataset();
    await studio.cleaning.start(datasetId, false).finished;
    const none = await studio.cleaning.adjust(datasetId, { blurSharpness: 0 });
    expect(counts(none, 'blurred').open).toBe(0);
    const strict = await studio.cleaning.adjust(datasetId, { nearDistance: 0 });
    const wide = await studio.cleaning.adjust(datasetId, { nearDistance: 12 });
    expect(counts(strict, 'near-duplicate').open).toBeLessThan(counts(wide, 'near-duplicate').open);
    expect(wide.thresholds).toMatchObject({ blurSharpness: 0, nearDistance: 12 });
    // Slides that come while findings are put together end with the last of them.
    const [, last] = await Promise.all([
      studio.cleaning.adjust(datasetId, { nearDistance: 3 }),
      studio.cleaning.adjust(datasetId, { nearDistance: 6 }),
    ]);
    expect(counts(last, 'near-duplicate').open).toBe(6);
  });

  it('denoises, as a fact that the version applies', async () => {
    const { studio, datasetId } = await plantedDataset();
    await studio.cleaning.start(datasetId, false).finished;
    const recipe = { sizePx: 64, channels: 3, labelMode: 'none' } as const;
    const before = await studio.datasets.buildVersion(datasetId, recipe).finished;
    const { denoised } = await studio.cleaning.decide(datasetId, 'accept', { kind: 'noisy' });
    expect(denoised).toBe(4);
    const after = await studio.datasets.buildVersion(datasetId, recipe).finished;
    expect(after.images).toBe(before.images);
    expect(after.hash).not.toBe(before.hash);
    await studio.cleaning.undo(datasetId);
    const again = await studio.datasets.buildVersion(datasetId, recipe).finished;
    expect(again.version).toBe(before.version);
  });

  it('has no split part what looks alike', async () => {
    const { studio, datasetId } = await plantedDataset();
    await studio.cleaning.start(datasetId, false).finished;
    const recipe = { sizePx: 32, channels: 3, labelMode: 'none' } as const;
    const version = await studio.datasets.buildVersion(datasetId, { ...recipe, heldOutShare: 0.4 }).finished;
    expect(version.heldOutImages).toBeGreaterThan(0);
    const whole = await studio.datasets.buildVersion(datasetId, { ...recipe, heldOutShare: 0 }).finished;
    const { items } = studio.cleaning.findings(datasetId, 'near-duplicate', 'open', 0, 100);
    // From the version that holds nothing out to the one that does: who changed the part?
    const { total, items: moved } = await studio.datasets.versions.differences(
      datasetId,
      whole.version,
      version.version,
      'changed',
      0,
      1000,
    );
    expect(total).toBeGreaterThan(0);
    const heldOut = new Set(
      moved.flatMap(({ pictureId, what }) => (what.includes('part') ? [pictureId] : [])),
    );
    expect(heldOut.size).toBe(version.heldOutImages);
    for (const { picture, kept } of items) {
      expect(heldOut.has(picture!.id)).toBe(heldOut.has(kept!.id));
    }
    expect(items.some(({ picture }) => heldOut.has(picture!.id))).toBe(true);
  });
});
