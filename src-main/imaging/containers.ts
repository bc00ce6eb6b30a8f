import type { ContainerFormat } from '../contract/domain/sources.ts';
import { openArrayContainer } from './array-pictures.ts';
import { openCifarContainer } from './cifar.ts';
import { openIdxContainer } from './idx-source.ts';
import type { ContainerPictures } from './source-picture.ts';

/**
 * Opens a stored container, to read pictures from it by their index.
 *
 * @param name for messages
 * @throws StudioError `idx-corrupt`, `container-corrupt`, `array-unusable`
 */
export function openContainer(
  path: string,
  format: ContainerFormat,
  name: string,
): Promise<ContainerPictures> {
  switch (format.kind) {
    case 'idx':
      return openIdxContainer(path, format, name);
    case 'cifar':
      return openCifarContainer(path, format, name);
    case 'array':
      return openArrayContainer(path, format, name);
  }
}
