import { isDesktop } from './connection.ts';

const base = isDesktop ? 'imago-media://media/' : '/media/';

/** What an `<img>` or a download takes for an address made by `mediaAddress` of the contract. */
export function mediaUrl(address: string): string {
  return base + address;
}
