import type { Decision } from '../contract/domain/cleaning.ts';
import {
  pictureChoiceSchema,
  pictureFields,
  type FieldFacts,
  type PictureChoice,
  type PictureEdits,
  type PictureFacts,
} from '../contract/domain/pictures.ts';
import { StudioError } from '../contract/errors.ts';
import type { Database } from '../store/database.ts';
import { decisionQueries } from '../store/decisions.ts';
import { pictureFactQueries, type GatheredFacts } from '../store/picture-facts.ts';
import { openBreath } from './pace.ts';
import type { Datasets } from './datasets.ts';
import { licenceName } from './licence-summary.ts';

export type Pictures = ReturnType<typeof createPictures>;

/** Pictures whose facts are gathered at a time, a few milliseconds. */
const picturesAtOnce = 500;

/** What is known of pictures beside their pixels, and can be set by hand: rights, captions, labels. */
export function createPictures({
  database,
  datasets,
  decide,
}: {
  database: Database;
  datasets: Datasets;
  /** Writes a decision about a dataset in its turn. */
  decide: (
    datasetId: string,
    steps: () => Generator<number, unknown>,
  ) => Promise<{ lastDecision: Decision | null }>;
}) {
  const stored = pictureFactQueries(database);
  const decisions = decisionQueries(database);

  const idsOf = async (id: string, choice: PictureChoice): Promise<readonly string[]> => {
    const parsed = pictureChoiceSchema.parse(choice);
    if (parsed.kind === 'ids') return parsed.pictureIds;
    const ids: string[] = [];
    const breath = openBreath();
    for (let after = -1; ;) {
      const some = stored.ids(id, parsed, after, picturesAtOnce);
      ids.push(...some.map(({ id: pictureId }) => pictureId));
      if (some.length < picturesAtOnce) return ids;
      after = some.at(-1)!.ordinal;
      await breath();
    }
  };

  const factsOf = async (id: string, pictureIds: readonly string[]): Promise<PictureFacts> => {
    const breath = openBreath();
    let all: GatheredFacts | null = null;
    for (let first = 0; first < pictureIds.length || first === 0; first += picturesAtOnce) {
      const some = stored.gather(id, pictureIds.slice(first, first + picturesAtOnce));
      all = all === null ? some : together(all, some);
      await breath();
    }
    if (!all || all.pictures === 0) {
      throw new StudioError('not-found', 'None of these pictures is in this dataset.', {
        kind: 'picture',
        id: pictureIds[0] ?? '',
      });
    }
    const [only] = pictureIds;
    const isOne = pictureIds.length === 1 && only !== undefined;
    return { ...all, single: isOne ? stored.single(id, only) : null };
  };

  return {
    /** @throws StudioError `not-found` */
    async facts(id: string, choice: PictureChoice): Promise<PictureFacts> {
      datasets.get(id);
      return factsOf(id, await idsOf(id, choice));
    },

    /**
     * Sets values by hand, or gives them back, as one decision. A known licence is written as SPDX does.
     *
     * @returns what is known now, and the decision; null where it changed nothing
     * @throws StudioError `not-found`
     */
    async edit(
      id: string,
      choice: PictureChoice,
      edits: PictureEdits,
    ): Promise<{ facts: PictureFacts; decision: Decision | null }> {
      datasets.get(id);
      const pictureIds = await idsOf(id, choice);
      // Where none of them is there, nothing may be decided.
      await factsOf(id, pictureIds);
      const { licence } = edits;
      const written = typeof licence === 'string' ? { ...edits, licence: licenceName(licence) } : edits;
      const before = decisions.last(id);
      const { lastDecision } = await decide(id, () => decisions.edit(id, pictureIds, written, Date.now()));
      const facts = await factsOf(id, pictureIds);
      return { facts, decision: lastDecision?.id === before?.id ? null : lastDecision };
    },
  };
}

/** The facts of two lots of pictures. */
function together(one: GatheredFacts, other: GatheredFacts): GatheredFacts {
  if (other.pictures === 0) return one;
  if (one.pictures === 0) return other;
  const same = <Value>(a: Value, b: Value): Value | null => (a === b ? a : null);
  const join = (a: FieldFacts, b: FieldFacts): FieldFacts => ({
    value: same(a.value, b.value),
    origin: same(a.origin, b.origin),
    given: same(a.given, b.given),
    byHand: a.byHand + b.byHand,
  });
  return {
    pictures: one.pictures + other.pictures,
    mayNotTrain: one.mayNotTrain + other.mayNotTrain,
    fields: Object.fromEntries(
      pictureFields.map((field) => [field, join(one.fields[field], other.fields[field])]),
    ) as PictureFacts['fields'],
  };
}
