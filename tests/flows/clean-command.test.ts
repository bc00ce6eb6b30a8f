import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { imago } from '../helpers/command-line.ts';
import { writePlantedSet } from '../helpers/planted-set.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it('A dataset is reviewed, decided about and taken back from the command line', async () => {
  const workspace = join(temporaryFolder(), 'workspace');
  const folder = join(temporaryFolder(), 'planted');
  mkdirSync(folder, { recursive: true });
  await writePlantedSet(folder, {
    ...{ good: 12, exact: 2, encodedAnew: 1, blank: 3, truncated: 1, blurred: 0, noisy: 0 },
  });
  const common = ['--workspace', workspace, '--json'];
  await imago('import', folder, '--name', 'Planted', ...common);

  const reviewed = await imago('clean', 'Planted', '--no-learn', '--list', 'blank', ...common);
  expect(reviewed.json).toMatchObject({
    excluded: 0,
    findings: { blank: { open: 3 } },
    missing: { label: 18, caption: 18, licence: 18 },
    listed: [{ kind: 'blank' }, { kind: 'blank' }, { kind: 'blank' }],
  });
  const accepted = await imago('clean', 'Planted', '--no-learn', '--accept', 'blank', ...common);
  expect(accepted.json).toMatchObject({
    excluded: 3,
    findings: {
      blank: { open: 0, accepted: 3, rejected: 0 },
      'exact-duplicate': { open: 2 },
      unreadable: { open: 1 },
    },
  });
  const undone = await imago('clean', 'Planted', '--undo', ...common);
  expect(undone.json).toMatchObject({ excluded: 0, undone: { verdict: 'accept', kind: 'blank', items: 3 } });
  const wrong = await imago('clean', 'Planted', '--accept', 'ugly', ...common);
  expect(wrong.exitCode).toBe(2);
});
