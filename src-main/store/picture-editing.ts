import type { PictureEdits } from '../contract/domain/pictures.ts';
import type { Database } from './database.ts';
import type { DecidedFact, DecidedFacts } from './decided-facts.ts';

type Change = (what: DecidedFact, subject: string, before: string | null, after: string | null) => void;

/**
 * Sets what is known of a picture by hand, through the changes of a decision.
 *
 * @returns a function that says whether something changed
 */
export function pictureEditing(database: Database, facts: DecidedFacts) {
  const doubtOf = database.prepare<[string], { id: number; reason: string }>(
    `SELECT id, reason FROM finding WHERE picture_id = ? AND kind = 'label-error' AND state = 'open'`,
  );
  /** A label that a person sets answers the doubt about it. */
  const relabel = (change: Change, pictureId: string, before: string | null, label: string | null): void => {
    change('label', pictureId, before, label);
    for (const { id, reason } of doubtOf.all(pictureId)) {
      const { suggested } = JSON.parse(reason) as { suggested: string };
      change('finding', String(id), 'open', suggested === label ? 'accepted' : 'rejected');
    }
  };

  return (
    change: Change,
    datasetId: string,
    pictureId: string,
    { label, ...edits }: PictureEdits,
  ): boolean => {
    const picture = facts.picture(datasetId, pictureId);
    if (!picture) return false;
    const stands = (picture.edits === null ? {} : JSON.parse(picture.edits)) as Record<string, string>;
    const after = new Map(Object.entries(stands));
    for (const [field, value] of Object.entries(edits)) {
      if (value === null) after.delete(field);
      else if (value !== undefined) after.set(field, value);
    }
    const written = after.size === 0 ? null : JSON.stringify(Object.fromEntries(after));
    const wanted = label === null ? picture.givenLabel : label === '' ? null : label;
    const isRelabelled = wanted !== undefined && wanted !== picture.label;
    if (written === picture.edits && !isRelabelled) return false;
    change('edits', pictureId, picture.edits, written);
    if (isRelabelled) relabel(change, pictureId, picture.label, wanted);
    return true;
  };
}
