import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src-main/store/database.ts';
import { decisionQueries } from '../../src-main/store/decisions.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const count = 1200;

/** Blurred pictures, the most blurred last. */
function storeWithFindings() {
  const database = openDatabase(join(temporaryFolder(), 'studio.db'));
  database.exec(`
    INSERT INTO project (id, name, created_at) VALUES ('project-1', 'One', 0);
    INSERT INTO dataset (id, project_id, name, importing, proposal, created_at) VALUES ('dataset-1', 'project-1', 'One', 0, '{}', 0);
    INSERT INTO original (sha256, extension, bytes, created_at) VALUES ('0', 'png', 1, 0);
    INSERT INTO source (id, dataset_id, ordinal, kind, location, importing, added_at) VALUES ('source-1', 'dataset-1', 1, 'folder', '', 0, 0);
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    INSERT INTO picture (id, dataset_id, source_id, ordinal, name, original_sha256, width_px, height_px)
      SELECT 'picture-' || i, 'dataset-1', 'source-1', i, i, '0', 8, 8 FROM n;
    INSERT INTO finding (dataset_id, kind, subject, picture_id, rank, score, reason, action, state)
      SELECT 'dataset-1', 'blurred', id, id, ${count} - ordinal, 0, '{}', 'exclude', 'open' FROM picture;
  `);
  const counted = (query: string) => Number(database.prepare(query).pluck().get());
  const facts = () => ({
    excluded: counted('SELECT count(*) FROM picture WHERE exclusion IS NOT NULL'),
    accepted: counted("SELECT count(*) FROM finding WHERE state = 'accepted'"),
  });
  return { decisions: decisionQueries(database), facts };
}

it('A decision about very many findings is taken back as a whole wherever it was cut off', () => {
  const { decisions, facts } = storeWithFindings();
  const accept = (at: number) => decisions.decide('dataset-1', 'accept', { kind: 'blurred' }, at);
  expect([...accept(1)].length).toBeGreaterThan(1);
  expect(facts()).toEqual({ excluded: count, accepted: count });
  expect([...decisions.undo('dataset-1', 2)].length).toBeGreaterThan(0);
  expect(facts()).toEqual({ excluded: 0, accepted: 0 });
  // How much one step holds is a matter of the machine's speed: it is cut off by what has been written so far.
  const places = [
    () => facts().accepted > 0,
    () => facts().accepted >= count / 2,
    () => facts().accepted === count,
    () => facts().excluded > 0,
  ];
  for (const isThere of places) {
    const steps = accept(3);
    while (!isThere()) expect(steps.next().done).toBe(false);
    decisions.takeBackUnfinished('dataset-1', 4);
    expect(facts()).toEqual({ excluded: 0, accepted: 0 });
    expect(decisions.last('dataset-1')).toBeNull();
  }
});
