import type { ImportSource } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { forgetDownload, pictureFetcher, shownAddress } from './downloads.ts';
import type { OpenedSource, ReaderContext, SourceItem } from './source-picture.ts';

type UrlSource = Extract<ImportSource, { kind: 'urls' }>;

/** A list beyond this is rather a mistake. */
const largestList = 1_000_000;

/** The addresses of a text, one in each line; empty lines and those that begin with `#` are passed over. */
export function addressesOf(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * A source that downloads the picture at each address of a list. What was downloaded stays in the cache until the
 * import is through, so that one which was cut off goes on where it was.
 *
 * @throws StudioError `input-invalid` for a list without addresses
 */
export async function openUrls({ urls, download }: UrlSource, context: ReaderContext): Promise<OpenedSource> {
  const lines = addressesOf(urls);
  const addresses = [...new Set(lines)];
  if (addresses.length === 0 || !addresses.some((address) => /^https?:\/\//i.test(address))) {
    throw new StudioError(
      'input-invalid',
      'The list holds no address that begins with http:// or https://. Write one address in each line.',
      { key: 'urls' },
    );
  }
  if (addresses.length > largestList) {
    throw new StudioError('input-invalid', `The list holds more than ${largestList} addresses. Split it.`, {
      key: 'urls',
    });
  }
  const fetchPicture = pictureFetcher(download, context);

  async function* items(signal: AbortSignal): AsyncGenerator<SourceItem> {
    for (const address of addresses) {
      signal.throwIfAborted();
      const shown = shownAddress(address);
      yield {
        name: shown,
        label: null,
        caption: null,
        rights: /^https?:/i.test(shown) ? { url: shown } : null,
        columns: null,
        content: { kind: 'file', read: (until) => fetchPicture(address, until) },
      };
    }
  }

  return {
    kind: 'urls',
    location: locationOf(addresses),
    total: addresses.length,
    bytes: 0,
    rights: {},
    rightsFrom: 'nothing',
    container: null,
    containers: [],
    companions: [],
    items,
    ignored: () => lines.length - addresses.length,
    async taken() {
      for (const address of addresses) await forgetDownload(address, context.cacheFolder);
    },
    close: () => {},
  };
}

/** The hosts that a list leads to, as far as they fit. */
function locationOf(addresses: readonly string[]): string {
  const hosts = new Set(addresses.map((address) => (URL.canParse(address) ? new URL(address).host : '')));
  hosts.delete('');
  const shown = [...hosts].slice(0, 3).join(', ');
  return hosts.size > 3 ? `${shown}, …` : shown;
}
