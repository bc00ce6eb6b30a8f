import { z } from 'zod';
import { mediaAddress } from '../../src-main/contract/media.ts';
import { isDesktop } from './connection.ts';

const base = isDesktop ? 'imago-media://media/' : '/media/';
const thumbnailsSchema = z.record(z.string(), z.string().startsWith('data:image/'));

/** What an `<img>` or a download takes for an address made by `mediaAddress` of the contract. */
export function mediaUrl(address: string): string {
  return base + address;
}

/**
 * Many pictures at once, which is much quicker than each for itself.
 *
 * @returns what an `<img>` takes, by picture; without those that have to be asked for alone
 */
export async function fetchThumbnails(pictureIds: readonly string[]): Promise<Map<string, string>> {
  if (pictureIds.length === 0) return new Map();
  const response = await fetch(mediaUrl(mediaAddress.pictures(pictureIds)));
  if (!response.ok) return new Map();
  return new Map(Object.entries(thumbnailsSchema.parse(await response.json())));
}
