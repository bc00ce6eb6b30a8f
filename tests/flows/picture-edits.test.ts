import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PictureChoice } from '../../src-main/contract/domain/pictures.ts';
import { unknownRights } from '../../src-main/contract/domain/licences.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Two cats, of which a row speaks for one, and two dogs, under a licence file. */
async function pets() {
  const studio = await studioForTest();
  const folder = join(temporaryFolder(), 'pets');
  for (const name of ['cat', 'dog']) mkdirSync(join(folder, name), { recursive: true });
  for (const [at, name] of ['cat/1', 'cat/2', 'dog/3', 'dog/4'].entries()) {
    writeFileSync(join(folder, `${name}.png`), await pngOf(at + 1));
  }
  writeFileSync(join(folder, 'cat/1.txt'), 'a cat');
  writeFileSync(join(folder, 'LICENSE'), 'SPDX-License-Identifier: MIT');
  writeFileSync(join(folder, 'metadata.csv'), 'file_name,author,may_train\ncat/2.png,Ann,yes\n');
  const project = studio.projects.create('Pets');
  const { datasetId: id, finished } = await studio.datasets.import(project.id, 'Pets', {
    kind: 'path',
    path: folder,
  });
  await finished;
  const pictures = new Map(studio.datasets.pictures(id, 0, 10).items.map((each) => [each.name, each.id]));
  const some = (...names: string[]): PictureChoice => ({
    kind: 'ids',
    pictureIds: names.map((name) => pictures.get(`${name}.png`)!),
  });
  return { studio, id, some };
}

const recipe = { sizePx: 28, channels: 3, labelMode: 'folders' } as const;

describe('What is known of pictures', () => {
  it('says of each value where it is from, and of many where they differ', async () => {
    const { studio, id, some } = await pets();
    const one = await studio.pictures.facts(id, some('cat/2'));
    expect(one).toMatchObject({
      pictures: 1,
      mayNotTrain: 0,
      single: { name: 'cat/2.png' },
      fields: {
        label: { value: 'cat', origin: 'import', byHand: 0 },
        caption: { value: '', origin: 'nothing' },
        licence: { value: 'MIT', origin: 'licence-file', given: 'MIT' },
        author: { value: 'Ann', origin: 'row' },
        mayTrain: { value: 'yes', origin: 'row' },
      },
    });
    const all = await studio.pictures.facts(id, { kind: 'all' });
    expect(all).toMatchObject({
      pictures: 4,
      single: null,
      fields: {
        label: { value: null, origin: 'import' },
        author: { value: null, origin: null },
        licence: { value: 'MIT' },
        mayTrain: { value: null },
      },
    });
    expect(await studio.pictures.facts(id, { kind: 'all', label: 'dog' })).toMatchObject({ pictures: 2 });
    await expect(
      studio.pictures.facts(id, { kind: 'ids', pictureIds: ['picture-nobody'] }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is set by hand for many at once, counts before its source, and is given back and undone', async () => {
    const { studio, id, some } = await pets();
    const [source] = studio.datasets.get(id).sources;
    const edited = await studio.pictures.edit(id, some('cat/1', 'cat/2'), {
      licence: 'cc-by-4.0',
      author: 'Bea',
      url: 'https://example.org/cats',
      date: '2024',
      mayTrain: 'no',
    });
    expect(edited).toMatchObject({
      decision: { verdict: 'edit', items: 2 },
      facts: {
        mayNotTrain: 2,
        fields: {
          licence: { value: 'CC-BY-4.0', origin: 'person', given: 'MIT', byHand: 2 },
          author: { value: 'Bea', origin: 'person', given: null },
          mayTrain: { value: 'no', given: null },
        },
      },
    });
    expect(studio.datasets.get(id).licence).toMatchObject({
      name: 'CC-BY-4.0 AND MIT',
      attribution: 'Bea',
      mayTrain: { yes: 0, no: 2, unknown: 2 },
    });
    const without = await studio.datasets.buildVersion(id, recipe).finished;
    expect(without).toMatchObject({ images: 2, classes: [{ name: 'dog' }] });
    expect(studio.datasets.sources.licence(id, without.version)).toMatchObject({ name: 'MIT' });

    // What its source says now no longer reaches what a person said of the picture.
    studio.datasets.sources.setRights(source!.id, { ...unknownRights, licence: 'CC0-1.0', mayTrain: 'yes' });
    expect(await studio.pictures.facts(id, some('cat/1'))).toMatchObject({
      fields: { licence: { value: 'CC-BY-4.0', given: 'CC0-1.0' }, mayTrain: { value: 'no', given: 'yes' } },
    });
    const given = await studio.pictures.edit(id, some('cat/1'), { licence: null, mayTrain: null });
    expect(given.facts.fields).toMatchObject({
      licence: { value: 'CC0-1.0', origin: 'source', byHand: 0 },
      author: { value: 'Bea', origin: 'person' },
      mayTrain: { value: 'yes', origin: 'source' },
    });
    expect(await studio.pictures.edit(id, some('cat/1'), { licence: null })).toMatchObject({
      decision: null,
    });

    // Undone one after the other, and not where something else was decided since.
    await studio.cleaning.exclude(id, [given.facts.single!.pictureId], true);
    await expect(studio.cleaning.undo(id, given.decision!.id)).rejects.toMatchObject({
      code: 'not-possible-now',
    });
    await studio.cleaning.undo(id);
    await studio.cleaning.undo(id, given.decision!.id);
    expect((await studio.pictures.facts(id, some('cat/1'))).fields.licence.value).toBe('CC-BY-4.0');
    await studio.cleaning.undo(id);
    expect((await studio.pictures.facts(id, some('cat/2'))).fields).toMatchObject({
      licence: { value: 'CC0-1.0', origin: 'source' },
      author: { value: 'Ann', origin: 'row' },
      mayTrain: { value: 'yes', origin: 'row' },
    });
    expect((await studio.datasets.buildVersion(id, recipe).finished).images).toBe(4);
  });

  it('takes labels and captions too, also away, and the dataset says what is missing then', async () => {
    const { studio, id, some } = await pets();
    expect(studio.datasets.get(id).missing).toEqual({ label: 0, caption: 3, licence: 0 });
    await studio.pictures.edit(id, some('cat/1'), { label: 'lynx', caption: '', licence: '' });
    await studio.pictures.edit(id, some('dog/3'), { label: '', caption: 'a dog' });
    expect(studio.datasets.get(id)).toMatchObject({
      missing: { label: 1, caption: 3, licence: 1 },
      classes: [
        { name: 'cat', pictures: 1 },
        { name: 'dog', pictures: 1 },
        { name: 'lynx', pictures: 1 },
      ],
    });
    expect(studio.datasets.pictures(id, 0, 10).items).toMatchObject([
      { label: 'lynx', caption: null },
      { label: 'cat', caption: null },
      { label: null, caption: 'a dog' },
      { label: 'dog' },
    ]);
    const back = await studio.pictures.edit(id, some('cat/1', 'dog/3'), { label: null, caption: null });
    expect(back.facts.fields.label).toMatchObject({ origin: 'import', byHand: 0 });
    expect(studio.datasets.get(id).missing).toEqual({ label: 0, caption: 3, licence: 1 });
  });
});
