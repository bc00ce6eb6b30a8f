import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pngOf } from '../fixtures/pictures.ts';
import { imago } from '../helpers/command-line.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it('the command line shows rights, sets them for some pictures, gives them back and takes it back', async () => {
  const folder = temporaryFolder();
  for (const [at, name] of ['cat/1.png', 'cat/2.png', 'dog/3.png', 'dog/4.png'].entries()) {
    mkdirSync(join(folder, 'pets', name, '..'), { recursive: true });
    writeFileSync(join(folder, 'pets', name), await pngOf(at + 1));
  }
  const common = ['--workspace', join(folder, 'workspace'), '--json'];
  const rights = async (...words: string[]) => imago('dataset', 'rights', 'Pets', ...words, ...common);
  await imago('import', join(folder, 'pets'), '--name', 'Pets', '--licence', 'CC0-1.0', ...common);

  const shown = await rights('--pictures', 'cat/1.png');
  expect(shown).toMatchObject({
    exitCode: 0,
    json: {
      changed: 0,
      pictures: 1,
      fields: { licence: { value: 'CC0-1.0', origin: 'source' }, label: { value: 'cat', origin: 'import' } },
    },
  });
  const set = await rights('--label', 'dog', '--licence', 'cc-by-sa-4.0', '--may-train', 'no');
  expect(set.json).toMatchObject({
    changed: 2,
    mayNotTrain: 2,
    fields: { licence: { value: 'CC-BY-SA-4.0', origin: 'person', given: 'CC0-1.0' } },
    licence: { name: 'CC-BY-SA-4.0 AND CC0-1.0', mayTrain: { no: 2, unknown: 2 } },
  });
  const prepared = await imago('prepare', 'Pets', ...common);
  expect(prepared.json).toMatchObject({ images: 2 });

  const given = await rights(
    '--pictures',
    '*/3.png',
    '--give-back',
    'licence,mayTrain',
    '--caption',
    'a dog',
  );
  expect(given.json).toMatchObject({
    changed: 1,
    mayNotTrain: 0,
    fields: {
      licence: { value: 'CC0-1.0', origin: 'source' },
      caption: { value: 'a dog', origin: 'person' },
    },
  });
  expect((await rights('--undo', '--source', '1')).json).toMatchObject({
    undone: { verdict: 'edit', items: 1 },
    pictures: 4,
    mayNotTrain: 2,
  });

  expect(await rights('--pictures', 'cat/9.png')).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'not-found' } },
  });
  expect(await rights('--licence', 'MIT', '--give-back', 'licence')).toMatchObject({
    exitCode: 2,
    json: { error: { code: 'input-invalid' } },
  });
  expect((await imago('dataset', 'Pets', ...common)).json).toMatchObject({ dataset: { pictures: 4 } });
});
