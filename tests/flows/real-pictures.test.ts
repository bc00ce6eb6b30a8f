import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const sets = [
  {
    name: 'emoji',
    path: sharedData('noto-emoji-72'),
    preset: 'dcgan-32-rgb',
    expected: { images: 3845, classes: 0, quarantined: 0 },
  },
  {
    name: 'MNIST',
    path: sharedData('mnist-10k'),
    preset: 'dcgan-28',
    expected: { images: 10_000, classes: 10, quarantined: 0 },
  },
];

describe('real pictures', () => {
  for (const { name, path, preset, expected } of sets) {
    it.skipIf(path === null)(
      `${name}: imported, learnt by a DCGAN, exported as a set of 500 that imports again (needs the shared data)`,
      async () => {
        const folder = temporaryFolder();
        const workspace = ['--workspace', join(folder, 'workspace'), '--json'];
        const imported = await imago('import', path!, '--name', name, ...workspace);
        expect(imported.json).toMatchObject(expected);
        const trained = await imago(
          ...['train', '--dataset', name, '--preset', preset, '--steps', '3', '--seed', '1', ...workspace],
          ...['--set', 'baseChannels=4', '--set', 'batchSize=8'],
        );
        expect(trained.json).toMatchObject({ steps: 3, backend: 'wasm' });
        const run = String(trained.json?.run);
        await imago('generate', '--run', run, '--count', '500', '--seed', '11', ...workspace);
        const set = join(folder, 'set');
        const exported = await imago('export', '--run', run, '--to', set, ...workspace);
        expect(exported.json).toMatchObject({ images: 500 });
        const back = await imago('import', set, '--name', 'Back', ...workspace);
        expect(back.json).toMatchObject({ images: 500, quarantined: 0 });
      },
    );
  }
});
