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
  const facts = () => ({
    excluded: database.prepare('SELECT count(*) FROM picture WHERE exclusion IS NOT NULL').pluck().get(),
    accepted: database.prepare("SELECT count(*) FROM finding WHERE state = 'accepted'").pluck().get(),
  });
  return { decisions: decisionQueries(database), facts };
}

it('A decision about very many findings is taken back as a whole wherever it was cut off', () => {
  const { decisions, facts } = storeWithFindings();
  const stepsOfAll = [...decisions.decide('dataset-1', 'accept', { kind: 'blurred' }, 1)].length;
  expect(facts()).toEqual({ excluded: count, accepted: count });
  expect([...decisions.undo('dataset-1', 2)].length).toBeGreaterThan(0);
  expect(facts()).toEqual({ excluded: 0, accepted: 0 });
  for (const share of [0.2, 0.6, 0.9]) {
    const steps = decisions.decide('dataset-1', 'accept', { kind: 'blurred' }, 3);
    for (let done = 0; done < Math.max(1, Math.floor(stepsOfAll * share)); done += 1) steps.next();
    expect(facts().accepted).toBeGreaterThan(0);
    decisions.takeBackUnfinished('dataset-1', 4);
    expect(facts()).toEqual({ excluded: 0, accepted: 0 });
    expect(decisions.last('dataset-1')).toBeNull();
  }
});
