import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from './node-runtime.mjs';

/** The version that package.json names. */
export function productVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version);
  }
  throw new Error('package.json names no version.');
}
