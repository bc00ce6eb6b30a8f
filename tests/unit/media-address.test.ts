import { describe, expect, it } from 'vitest';
import { mediaAddress, mostPictures, parseMediaAddress } from '../../src-main/contract/media.ts';

describe('media addresses', () => {
  it('names many pictures at once, and no more than an address holds', () => {
    const ids = Array.from({ length: mostPictures }, (_, at) => `picture-${at}`);
    expect(parseMediaAddress(mediaAddress.pictures(ids))).toEqual({ kind: 'pictures', pictureIds: ids });
    expect(parseMediaAddress(mediaAddress.pictures([...ids, 'picture-more']))).toBeNull();
    expect(parseMediaAddress('pictures/picture-1.%2e%2e%2fstudio')).toBeNull();
  });

  it('say what they ask for', () => {
    expect(parseMediaAddress(mediaAddress.picture('picture-1'))).toEqual({
      kind: 'picture',
      pictureId: 'picture-1',
    });
    expect(parseMediaAddress(mediaAddress.image('image-1'))).toEqual({ kind: 'image', imageId: 'image-1' });
    expect(parseMediaAddress(mediaAddress.export('export-1'))).toEqual({
      kind: 'export',
      exportId: 'export-1',
    });
    expect(parseMediaAddress(mediaAddress.sampleSheet('run-1', 250))).toEqual({
      kind: 'sample',
      runId: 'run-1',
      step: 250,
    });
    expect(parseMediaAddress(mediaAddress.versionPicture('dataset-1', 2, 30))).toEqual({
      kind: 'version',
      datasetId: 'dataset-1',
      version: 2,
      index: 30,
      part: 'images',
    });
    expect(parseMediaAddress(mediaAddress.versionInput('dataset-1', 2, 30))).toMatchObject({
      index: 30,
      part: 'inputs',
    });
    const form = { sizePx: 32, channels: 3, crop: 'smart', focus: { x: 0.5, y: 0.25 } } as const;
    expect(parseMediaAddress(mediaAddress.preview('picture-1', null, 'target', form))).toMatchObject({
      kind: 'preview',
      pictureId: 'picture-1',
      inputPictureId: null,
      part: 'target',
      form: { ...form, background: '#ffffff', pairing: { kind: 'none' } },
    });
  });

  it.each([
    '',
    'image',
    'image/',
    'image/../studio.db',
    'image/%2e%2e%2fstudio.db',
    'image/a/b',
    'image/%E0%A4%A',
    'sample/run-1/-1',
    'sample/run-1/1e3',
    'sample/run-1',
    'version/d/1/x',
    'version/d/1/2/other',
    'preview/p/-/target/%7B%7D',
    'preview/p/../target/%7B%22sizePx%22%3A32%2C%22channels%22%3A3%7D',
    'preview/p/-/both/%7B%22sizePx%22%3A32%2C%22channels%22%3A3%7D',
    'preview/p/-/target/nonsense',
    'studio.db',
    '/etc/passwd',
  ])('that are not ours ask for nothing: %s', (address) => {
    expect(parseMediaAddress(address)).toBeNull();
  });
});
