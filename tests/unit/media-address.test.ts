import { describe, expect, it } from 'vitest';
import { mediaAddress, parseMediaAddress } from '../../src-main/contract/media.ts';

describe('media addresses', () => {
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
    'studio.db',
    '/etc/passwd',
  ])('that are not ours ask for nothing: %s', (address) => {
    expect(parseMediaAddress(address)).toBeNull();
  });
});
