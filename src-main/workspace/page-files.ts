import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

export interface PageFile {
  /** Absolute path. */
  file: string;
  contentType: string;
  bytes: number;
  /** True where the name holds a hash of the content, so that it may be kept forever. */
  hashed: boolean;
}

/**
 * The file of the built page at an address's path, or null. Only plain names below `folder` with a known
 * ending are found: no `..`, no hidden files, no backslashes, no encoded separators.
 *
 * @param folder absolute path of the built renderer
 * @param pathname as in a URL, with its leading slash; `/` means `index.html`
 */
export async function findPageFile(folder: string, pathname: string): Promise<PageFile | null> {
  const parts = (pathname === '/' ? '/index.html' : pathname).slice(1).split('/');
  if (!parts.every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))) return null;
  const file = join(folder, ...parts);
  const contentType = contentTypes[extname(file)];
  if (!contentType) return null;
  try {
    const found = await stat(file);
    if (!found.isFile()) return null;
    return { file, contentType, bytes: found.size, hashed: parts[0] === 'assets' };
  } catch {
    return null;
  }
}
