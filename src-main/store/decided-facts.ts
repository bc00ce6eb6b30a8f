import type { Database } from './database.ts';

/** A fact that a decision may change. */
export type DecidedFact = 'finding' | 'exclusion' | 'label' | 'repair' | 'edits';

export interface DecidedPicture {
  label: string | null;
  /** The label that it came with. */
  givenLabel: string | null;
  exclusion: string | null;
  repair: string | null;
  /** What was set by hand, as JSON. */
  edits: string | null;
}

export type DecidedFacts = ReturnType<typeof decidedFacts>;

/** Writing of the facts that decisions change, each as the text that a decision remembers. */
export function decidedFacts(database: Database) {
  const setState = database.prepare('UPDATE finding SET state = ? WHERE id = ?');
  const picture = database.prepare<[string, string], DecidedPicture>(
    `SELECT p.label, p.exclusion, p.repair, p.edits,
       CASE WHEN c.picture_id IS NULL THEN p.label ELSE c.original_label END AS givenLabel
     FROM picture p LEFT JOIN label_correction c ON c.picture_id = p.id WHERE +p.dataset_id = ? AND p.id = ?`,
  );
  const setExclusion = database.prepare('UPDATE picture SET exclusion = ? WHERE id = ?');
  const setRepair = database.prepare('UPDATE picture SET repair = ? WHERE id = ?');
  const setLabel = database.prepare('UPDATE picture SET label = ? WHERE id = ?');
  const setEdits = database.prepare(
    `UPDATE picture SET edits = @edits, may_train = coalesce(json_extract(@edits, '$.mayTrain'),
       json_extract(rights, '$.mayTrain'), (SELECT s.may_train FROM source s WHERE s.id = picture.source_id))
     WHERE id = @id`,
  );
  const currentLabel = database
    .prepare<[string], string | null>('SELECT label FROM picture WHERE id = ?')
    .pluck();
  const correction = database.prepare<[string], { original_label: string | null }>(
    'SELECT original_label FROM label_correction WHERE picture_id = ?',
  );
  const insertCorrection = database.prepare(
    'INSERT INTO label_correction (picture_id, original_label) VALUES (?, ?)',
  );
  const removeCorrection = database.prepare('DELETE FROM label_correction WHERE picture_id = ?');

  /** The label that it came with is kept for as long as another one stands in its place. */
  const writeLabel = (pictureId: string, label: string | null) => {
    const known = correction.get(pictureId);
    const original = known ? known.original_label : (currentLabel.get(pictureId) ?? null);
    if (label === original) removeCorrection.run(pictureId);
    else if (!known) insertCorrection.run(pictureId, original);
    setLabel.run(label, pictureId);
  };

  return {
    picture: (datasetId: string, pictureId: string): DecidedPicture | null =>
      picture.get(datasetId, pictureId) ?? null,
    /** @param subject the id of a picture, or the number of a finding */
    write(what: DecidedFact, subject: string, value: string | null): void {
      switch (what) {
        case 'finding':
          setState.run(value, Number(subject));
          break;
        case 'exclusion':
          setExclusion.run(value, subject);
          break;
        case 'repair':
          setRepair.run(value, subject);
          break;
        case 'edits':
          setEdits.run({ id: subject, edits: value });
          break;
        case 'label':
          writeLabel(subject, value);
          break;
      }
    },
  };
}
