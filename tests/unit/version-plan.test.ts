import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { recipeSchema, recipeText, type RecipeInput } from '../../src-main/contract/domain/recipes.ts';
import { labelsOf, planVersion, type Candidate } from '../../src-main/studio/version-plan.ts';

const base = { sizePx: 28, channels: 1, labelMode: 'folders' } as const;
const recipe = (choices: Partial<RecipeInput> = {}) => recipeSchema.parse({ ...base, ...choices });

const candidate = (name: string, content = name): Candidate => ({
  id: `picture-${name.replaceAll('/', '-')}`,
  sourceId: 'source-1',
  name,
  label: name.includes('/') ? name.split('/')[0]! : null,
  widthPx: 10,
  heightPx: 10,
  originalSha256: createHash('sha256').update(content).digest('hex'),
  originalIndex: null,
  extension: 'png',
  repair: null,
  focus: null,
});
const many = (label: string, count: number) =>
  Array.from({ length: count }, (_, at) => candidate(`${label}/${at}.png`));
const names = (plan: ReturnType<typeof planVersion>, part: 'train' | 'held-out') =>
  plan.rows
    .slice(part === 'train' ? 0 : plan.images, part === 'train' ? plan.images : undefined)
    .map(({ target }) => target.name);

describe('a recipe', () => {
  test('of the first studio reads with the defaults, and is written as it was', () => {
    const stored = '{"sizePx":28,"channels":1,"background":"#ffffff","labelMode":"none"}';
    const read = recipeSchema.parse(JSON.parse(stored));
    expect(read).toMatchObject({ crop: 'centre', resize: 'lanczos3', heldOutShare: 0, balance: 'none' });
    expect(recipeText(read)).toBe(stored);
  });

  test('is the same whatever the order of its keys, and another with any other choice', () => {
    const one = recipeText({ ...base, crop: 'smart', seed: 7 });
    expect(recipeText({ seed: 7, crop: 'smart', labelMode: 'folders', channels: 1, sizePx: 28 })).toBe(one);
    const others: Partial<RecipeInput>[] = [
      { crop: 'letterbox' },
      { resize: 'nearest' },
      { normalisation: 'stretch' },
      { balance: 'oversample' },
      { heldOutShare: 0.1 },
      { seed: 2 },
      { pairing: { kind: 'blur' } },
      { pairing: { kind: 'blur', sigmaPx: 3 } },
    ];
    const texts = others.map((choice) => recipeText({ ...base, ...choice }));
    expect(new Set([...texts, recipeText(base)]).size).toBe(others.length + 1);
  });
});

describe('the split', () => {
  const pictures = [...many('a', 40), ...many('b', 20), ...many('c', 10)];

  test('holds out the share of every class, and the rest in the order it came', () => {
    const plan = planVersion(recipe({ heldOutShare: 0.1 }), pictures, []);
    expect([plan.images, plan.heldOut]).toEqual([63, 7]);
    const counted = (label: string) =>
      names(plan, 'held-out').filter((name) => name.startsWith(label)).length;
    expect(['a', 'b', 'c'].map(counted)).toEqual([4, 2, 1]);
    const order = pictures.map(({ name }) => name);
    for (const part of ['train', 'held-out'] as const) {
      const places = names(plan, part).map((name) => order.indexOf(name));
      expect(places).toEqual([...places].sort((x, y) => x - y));
    }
  });

  test('is decided by the seed and the pictures alone, and hardly moves when one is added', () => {
    const plan = (seed: number, of = pictures) => planVersion(recipe({ heldOutShare: 0.1, seed }), of, []);
    expect(names(plan(1), 'held-out')).toEqual(names(plan(1), 'held-out'));
    expect(names(plan(1), 'held-out')).not.toEqual(names(plan(2), 'held-out'));
    const before = new Set(names(plan(1), 'held-out'));
    const after = names(plan(1, [...pictures, candidate('a/new.png')]), 'held-out');
    expect(after.filter((name) => !before.has(name)).length).toBeLessThanOrEqual(1);
  });

  test('never parts a group, nor the copies of one picture, nor a chain of both', () => {
    const groups = [
      ['picture-a-0.png', 'picture-a-1.png', 'picture-b-0.png'],
      ['picture-b-1.png', 'picture-b-2.png'],
    ];
    const copies = [candidate('a/copy.png', 'a/5.png'), candidate('c/copy.png', 'b/2.png')];
    for (let seed = 0; seed < 60; seed += 1) {
      const plan = planVersion(recipe({ heldOutShare: 0.3, seed }), [...pictures, ...copies], groups);
      const heldOut = new Set(names(plan, 'held-out'));
      for (const together of [
        ['a/0.png', 'a/1.png', 'b/0.png'],
        ['b/1.png', 'b/2.png', 'c/copy.png'],
        ['a/5.png', 'a/copy.png'],
      ]) {
        expect([0, together.length]).toContain(together.filter((name) => heldOut.has(name)).length);
      }
    }
  });

  test('that would hold out nothing is refused', () => {
    const alike = [pictures.map(({ id }) => id)];
    expect(() => planVersion(recipe({ heldOutShare: 0.2 }), pictures, alike)).toThrow(
      expect.objectContaining({ code: 'recipe-impossible' }),
    );
  });
});

describe('the balance', () => {
  const pictures = [...many('a', 30), ...many('b', 10), candidate('stray.png')];
  const counts = (plan: ReturnType<typeof planVersion>) =>
    Object.fromEntries(plan.classes.map(({ name, images }) => [name, images]));

  test('leaves pictures out until all classes are as small as the smallest', () => {
    const plan = planVersion(recipe({ balance: 'undersample' }), pictures, []);
    expect(counts(plan)).toEqual({ a: 10, b: 10 });
    expect(new Set(names(plan, 'train')).size).toBe(21);
  });

  test('repeats pictures until all classes are as large as the largest', () => {
    const plan = planVersion(recipe({ balance: 'oversample' }), pictures, []);
    expect(counts(plan)).toEqual({ a: 30, b: 30 });
    const times = names(plan, 'train').filter((name) => name === 'b/0.png').length;
    expect(times).toBe(3);
  });

  test('evens out the training part alone', () => {
    const plan = planVersion(recipe({ balance: 'oversample', heldOutShare: 0.2 }), pictures, []);
    expect(counts(plan)).toEqual({ a: 24, b: 24 });
    expect(names(plan, 'held-out').filter((name) => name.startsWith('b/'))).toHaveLength(2);
    const heldOut = new Set(names(plan, 'held-out'));
    expect(names(plan, 'train').some((name) => heldOut.has(name))).toBe(false);
  });

  test('needs classes', () => {
    const refused = expect.objectContaining({
      code: 'recipe-impossible',
      details: { reason: 'balance-without-classes' },
    });
    expect(() => planVersion(recipe({ balance: 'undersample', labelMode: 'none' }), pictures, [])).toThrow(
      refused,
    );
  });
});

describe('pairs by name', () => {
  const pairing = { kind: 'by-name', inputs: 'sketch', targets: 'photo' } as const;
  const pictures = [
    ...['photo/1.jpg', 'photo/sub/2.jpg', 'photo/3.jpg'].map((name) => candidate(name)),
    ...['sketch/1.png', 'sketch/sub/2.png', 'sketch/4.png', 'other/1.png'].map((name) => candidate(name)),
  ];

  test('join the files of two folders that have one name, whatever their extension', () => {
    const plan = planVersion(recipe({ pairing }), pictures, []);
    expect(plan.rows.map(({ target, input }) => [target.name, input?.name])).toEqual([
      ['photo/1.jpg', 'sketch/1.png'],
      ['photo/sub/2.jpg', 'sketch/sub/2.png'],
    ]);
    expect(plan.unpaired).toBe(3);
    expect([...labelsOf(plan)]).toEqual([...Buffer.alloc(8, 0xff)]);
  });

  test('are refused where no names meet', () => {
    const wrong = { ...pairing, inputs: 'nothing' };
    expect(() => planVersion(recipe({ pairing: wrong }), pictures, [])).toThrow(
      expect.objectContaining({ code: 'recipe-impossible' }),
    );
  });

  test('are split by what either half looks like', () => {
    const sets = Array.from({ length: 20 }, (_, at) => [
      candidate(`photo/${at}.jpg`),
      candidate(`sketch/${at}.png`, at < 2 ? 'one sketch' : `sketch ${at}`),
    ]).flat();
    for (let seed = 0; seed < 40; seed += 1) {
      const plan = planVersion(recipe({ pairing, heldOutShare: 0.3, seed }), sets, []);
      const heldOut = names(plan, 'held-out');
      expect(heldOut.includes('photo/0.jpg')).toBe(heldOut.includes('photo/1.jpg'));
    }
  });
});

test('what goes in is named by one hash, which any fact changes', () => {
  const pictures = many('a', 4);
  const hash = (of: Candidate[], choices: Partial<RecipeInput> = {}) =>
    planVersion(recipe(choices), of, []).inputsHash;
  expect(hash(pictures)).toBe(hash(many('a', 4)));
  const focused = pictures.map((one, at) => (at === 0 ? { ...one, focus: { x: 0.1, y: 0.5 } } : one));
  expect(hash(focused)).not.toBe(hash(pictures));
  expect(hash(pictures.slice(1))).not.toBe(hash(pictures));
  expect(hash(pictures, { labelMode: 'none' })).not.toBe(hash(pictures));
});
