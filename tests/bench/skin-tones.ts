import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStudio } from '../../src-main/studio/studio.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import type { DatasetFigure } from './dataset-figure.ts';
import { inSeconds } from './dataset-figure.ts';

/** Emoji whose names differ in their skin tone alone (U+1F3FB … U+1F3FF): do they come up together? */
export async function benchSkinTones(): Promise<DatasetFigure[]> {
  const source = sharedData('noto-emoji-72');
  if (source === null) return [];
  const folder = mkdtempSync(join(tmpdir(), 'imago-bench-tones-'));
  const studio = await openStudio({
    ...{ workspace: join(folder, 'workspace'), create: true, version: '0.0.0-bench', queue: 'own' },
    host: { abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false } },
  });
  try {
    const project = studio.projects.create('Emoji');
    const started = await studio.datasets.import(project.id, 'Emoji', { kind: 'path', path: source });
    await started.finished;
    const beganAt = performance.now();
    await studio.cleaning.start(started.datasetId, false).finished;
    const measuredMs = performance.now() - beganAt;
    const { items } = studio.cleaning.findings(started.datasetId, 'near-duplicate', 'open', 0, 10_000);
    const plain = (name: string) => name.replaceAll(/_1f3f[b-f]/g, '');
    const names = readdirSync(source).filter((name) => plain(name) !== name);
    const grouped = new Set(
      items.flatMap(({ name, kept }) => (kept && plain(kept.name) === plain(name) ? [name, kept.name] : [])),
    );
    const found = names.filter((name) => grouped.has(name)).length;
    const share = ((100 * found) / names.length).toFixed(0);
    return [
      {
        what: `skin-tone variants of the emoji set in a group with another of the same emoji (${names.length})`,
        found: `${found}, ${share} %`,
        aim: 'they come up',
      },
      { what: 'measuring and grouping 3 845 emoji', found: inSeconds(measuredMs), aim: '' },
    ];
  } finally {
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
