import { expect, it } from 'vitest';
import { cleaningThresholdsSchema } from '../../src-main/contract/domain/cleaning.ts';
import type { LabelReview } from '../../src-main/store/learnt.ts';
import type { MeasuredPicture } from '../../src-main/store/measures.ts';
import { findAll } from '../../src-main/studio/cleaning-findings.ts';

const measured = (ordinal: number, of: Partial<MeasuredPicture> = {}): MeasuredPicture => ({
  ...{ pictureId: `p${ordinal}`, ordinal, name: `${ordinal}.png`, label: 'cat', exclusion: null },
  ...{ widthPx: 64, heightPx: 64, perceptualHash: null, contentSha256: `content ${ordinal}` },
  ...{ colourMode: 'colour' as const, sharpness: 500, brightness: 0.5, darkest: 0, brightest: 1 },
  ...{ darkShare: 0, brightShare: 0, deviation: 60, noise: 1, colourfulness: 50 },
  ...of,
});
const doubted = (pictureId: string): LabelReview => ({
  ...{ pictureId, given: 'cat', givenProbability: 0.05, suggested: 'dog', suggestedProbability: 0.95 },
});
const sure = (pictureId: string): LabelReview => ({
  ...{ pictureId, given: 'dog', givenProbability: 0.9, suggested: 'dog', suggestedProbability: 0.9 },
});

it('doubts a label once, and not for the want of content: neither of blank pictures nor of copies', async () => {
  const pictures = [
    measured(1),
    measured(2, { contentSha256: 'content 1' }),
    measured(3, { deviation: 0 }),
    measured(4, { label: 'dog' }),
    measured(5, { sharpness: 1 }),
    // The same file in two classes: one of them is wrong.
    measured(6, { contentSha256: 'content 4' }),
  ];
  const { findings } = await findAll(
    {
      pictures,
      unreadable: [],
      remoteness: new Map(),
      labelReviews: new Map(
        [doubted('p1'), doubted('p2'), doubted('p3'), sure('p4'), doubted('p5'), doubted('p6')].map(
          (each) => [each.pictureId, each],
        ),
      ),
      thresholds: cleaningThresholdsSchema.parse({}),
    },
    new AbortController().signal,
  );
  const of = (kind: string) => findings.filter((each) => each.kind === kind).map(({ subject }) => subject);
  expect(of('exact-duplicate')).toEqual(['p2', 'p6']);
  expect(of('blank')).toEqual(['p3']);
  // What is blurred may well be mislabelled, too.
  expect(of('blurred')).toEqual(['p5']);
  expect(of('label-error')).toEqual(['p1', 'p5', 'p6']);
});
