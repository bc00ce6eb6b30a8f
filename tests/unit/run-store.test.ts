import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src-main/store/database.ts';
import { runQueries } from '../../src-main/store/runs.ts';

function withRun(settings: object) {
  const database = openDatabase(':memory:');
  database.exec(`
    INSERT INTO project (id, name, created_at) VALUES ('p', 'P', 1);
    INSERT INTO dataset (id, project_id, name, importing, proposal, created_at) VALUES ('d', 'p', 'D', 0, '{}', 1);
    INSERT INTO dataset_version (dataset_id, version, recipe, images, classes, bytes, hash, created_at)
      VALUES ('d', 1, '{}', 1, '[]', 1, 'hash', 1);
  `);
  database
    .prepare(
      `INSERT INTO run (id, project_id, name, dataset_id, dataset_version, preset_id, family, size_px, channels,
        seed, settings, stop, state, created_at)
       VALUES ('r', 'p', 'R', 'd', 1, 'vae-28', 'vae', 28, 1, 7, ?, '{"kind":"steps","steps":9}', 'stopped', 1)`,
    )
    .run(JSON.stringify(settings));
  return runQueries(database);
}
const saved = { file: 'checkpoints/a', sha256: 'a'.repeat(64), bytes: 9, trainedMs: 1, createdAt: 1 };

describe('a run in the store', () => {
  it('of an older studio has the defaults of what it was never asked', () => {
    const run = withRun({ batchSize: 8 }).get('r')!;
    expect(run.settings).toMatchObject({ batchSize: 8, rescues: 3, keepBestCheckpoints: 1 });
    expect(run).toMatchObject({ parent: null, wantedBackend: null, changes: [], rescues: [] });
  });

  it('shows the settings that hold, and keeps those it began with', () => {
    const queries = withRun({ learningRate: 0.001 });
    const change = { at: 1, key: 'learningRate', cause: 'user' as const };
    queries.putChange('r', { ...change, step: 50, from: 0.001, to: 0.002 });
    queries.putChange('r', { ...change, step: 90, from: 0.002, to: 0.003 });
    expect(queries.get('r')!.settings.learningRate).toBe(0.003);
    // A wish that comes earlier in training, after the run went back, takes the place of later ones.
    queries.putChange('r', { ...change, step: 60, from: 0.002, to: 0.005 });
    expect(queries.changes('r').map(({ step, undone }) => [step, undone])).toEqual([
      [50, false],
      [90, true],
      [60, false],
    ]);
    expect(queries.get('r')!.settings.learningRate).toBe(0.005);
    queries.undoChangesAfter('r', 50);
    expect(queries.get('r')!.settings.learningRate).toBe(0.002);
    expect(queries.initialSettings('r').learningRate).toBe(0.001);
  });

  it('keeps the star of a checkpoint that is written again, and trusts it anew', () => {
    const queries = withRun({});
    for (const step of [10, 20, 30]) queries.putCheckpoint('r', { ...saved, step, score: step });
    queries.markCheckpoint('r', 20, true);
    queries.distrustFrom('r', 20);
    expect(queries.checkpoints('r').map(({ good }) => good)).toEqual([true, false, false]);
    queries.putCheckpoint('r', { ...saved, step: 20, score: 1 });
    expect(queries.checkpoints('r')[1]).toMatchObject({ marked: true, good: true, score: 1 });
  });
});
