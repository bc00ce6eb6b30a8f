import { describe, expect, test } from 'vitest';
import type { RightsCount } from '../../src-main/store/sources.ts';
import { knownDemands, licenceName, summarizeLicences } from '../../src-main/studio/licence-summary.ts';

const count = (licence: string, pictures: number, more: Partial<RightsCount> = {}): RightsCount => ({
  ...{ licence, author: '', mayTrain: 'unknown', pictures },
  ...more,
});

test.each([
  ['CC0-1.0', []],
  ['CC-BY-4.0', ['attribution']],
  ['CC-BY-SA-4.0', ['share-alike', 'attribution']],
  ['CC-BY-NC-ND-4.0', ['no-derivatives', 'non-commercial', 'attribution']],
  ['MIT', ['attribution']],
  ['GPL-3.0-or-later', ['share-alike', 'attribution']],
  ['MIT OR CC-BY-NC-4.0', ['attribution']],
  ['MIT AND CC-BY-NC-4.0', ['non-commercial', 'attribution']],
] as const)('%s asks for what its text asks for', (licence, demands) => {
  expect(knownDemands(licence)).toEqual(demands);
});

test('a licence nobody knows is kept as it was written, and known ones as SPDX writes them', () => {
  expect(knownDemands('Ask my aunt first.')).toBeNull();
  expect(licenceName(' Ask my aunt first. ')).toBe('Ask my aunt first.');
  expect(licenceName('cc-by-4.0')).toBe('CC-BY-4.0');
});

describe('the terms of several sources together', () => {
  test('name the strictest first, with all that they ask for', () => {
    expect(summarizeLicences([count('MIT', 5), count('CC-BY-NC-4.0', 1), count('CC0-1.0', 9)])).toMatchObject(
      {
        name: 'CC-BY-NC-4.0 AND MIT AND CC0-1.0',
        demands: ['non-commercial', 'attribution'],
        conflicts: [],
        unlicensed: 0,
      },
    );
  });

  test('name terms in words of their own before all others, and say that they are to be read', () => {
    const summary = summarizeLicences([count('CC-BY-4.0', 5), count('Ask my aunt', 1)]);
    expect(summary).toMatchObject({ name: 'Ask my aunt; CC-BY-4.0', conflicts: ['own-words'] });
    expect(summary.licences[0]).toMatchObject({ isKnown: false, pictures: 1 });
  });

  test('name what cannot be combined', () => {
    const conflictsOf = (...licences: string[]) =>
      summarizeLicences(licences.map((licence) => count(licence, 1))).conflicts;
    expect(conflictsOf('CC-BY-SA-4.0', 'ODbL-1.0')).toEqual(['share-alike-differs']);
    expect(conflictsOf('CC-BY-SA-4.0', 'CC-BY-SA-3.0')).toEqual([]);
    expect(conflictsOf('CC-BY-SA-4.0', 'CC-BY-NC-4.0')).toEqual(['share-alike-and-non-commercial']);
    expect(conflictsOf('CC-BY-ND-4.0')).toEqual(['no-derivatives']);
    expect(conflictsOf('MIT', '')).toEqual(['unknown-licence']);
  });

  test('count authors, and pictures by whether they may be trained on', () => {
    const authors = Array.from({ length: 25 }, (_unused, at) => count('MIT', 30 - at, { author: `A${at}` }));
    const summary = summarizeLicences([...authors, count('', 2, { mayTrain: 'no' })]);
    expect(summary).toMatchObject({ authors: 25, unlicensed: 2, mayTrain: { yes: 0, no: 2 } });
    expect(summary.attribution).toMatch(/^A0; A1; .*; and 5 more$/);
  });
});
