import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unknownRights } from '../../src-main/contract/domain/licences.ts';
import { openDatasetStation, type DatasetStation } from '../fixtures/dataset-station.ts';
import { pngOf } from '../fixtures/pictures.ts';

let station: DatasetStation;
beforeEach(async () => {
  station = await openDatasetStation();
});
afterEach(() => station.close());

const at = (name: string) => join(station.incoming, name);
const importFrom = (name: string) => station.import(at(name));
const picturesOf = (id: string) => station.datasets.pictures(id, 0, 1000).items;

describe('rights', () => {
  test('of a source hold for its pictures, but for what a picture says itself', async () => {
    await station.put({
      'p/1.png': await pngOf(1),
      'p/2.png': await pngOf(2),
      'p/3.png': await pngOf(3),
      'p/metadata.csv': 'file_name,may_train,license\n2.png,yes,MIT\n',
    });
    const dataset = await importFrom('p');
    const source = dataset.sources[0]!;
    const { sources } = station.datasets;
    const rights = { ...unknownRights, licence: 'Ask my aunt', author: 'Aunt', mayTrain: 'no' as const };
    expect(sources.setRights(source.id, rights)).toMatchObject({
      licence: {
        name: 'Ask my aunt; MIT',
        attribution: 'Aunt',
        conflicts: ['own-words'],
        mayTrain: { yes: 1, no: 2, unknown: 0 },
      },
      sources: [{ rightsFrom: 'person' }],
    });
    // What may not be trained on never enters a version.
    const version = await station.datasets.buildVersion(dataset.id, dataset.proposal).finished;
    expect(version.images).toBe(1);
    expect(sources.licence(dataset.id, version.version)).toMatchObject({ name: 'MIT', conflicts: [] });
  });

  test('are read from EXIF and XMP, where they forbid training too', async () => {
    const picture = (seed: number) => pngOf(seed, 40).then((bytes) => sharp(bytes).jpeg());
    const exif = { IFD0: { Copyright: 'CC-BY-SA-4.0', Artist: 'Ann Other' } };
    const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"
        xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmpRights:WebStatement="https://example.org/terms"
        plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING">
        <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Bea &amp; Co</rdf:li></rdf:Alt></dc:rights>
        <dc:creator><rdf:Seq><rdf:li>Bea</rdf:li></rdf:Seq></dc:creator>
      </rdf:Description></rdf:RDF></x:xmpmeta>`;
    await station.put({
      'e/1.jpg': await (await picture(1)).withExif(exif).toBuffer(),
      'e/2.jpg': await (await picture(2)).withXmp(xmp).toBuffer(),
      'e/3.png': await pngOf(3),
    });
    const dataset = await importFrom('e');
    const facts = await Promise.all(
      picturesOf(dataset.id).map(({ id }) =>
        station.pictures.facts(dataset.id, { kind: 'ids', pictureIds: [id] }),
      ),
    );
    expect(facts.map(({ fields }) => fields)).toMatchObject([
      { licence: { value: 'CC-BY-SA-4.0', origin: 'file' }, author: { value: 'Ann Other', origin: 'file' } },
      {
        licence: { value: '© Bea & Co', origin: 'file' },
        author: { value: 'Bea' },
        url: { value: 'https://example.org/terms' },
        mayTrain: { value: 'no', origin: 'file' },
      },
      { licence: { value: '', origin: 'nothing' }, author: { value: '' } },
    ]);
    expect(dataset.licence).toMatchObject({ unlicensed: 1, conflicts: ['own-words', 'unknown-licence'] });
    expect((await station.datasets.buildVersion(dataset.id, dataset.proposal).finished).images).toBe(2);
  });
});
