import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import type { CheckpointRow, RunQueries } from '../store/runs.ts';
import { exists } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** A checkpoint whose file is really there. */
export interface StoredCheckpoint extends CheckpointRow {
  /** Absolute. */
  readonly path: string;
}

/** The checkpoints of the runs: found, and thinned out. */
export function createRunCheckpoints({ queries, workspace }: { queries: RunQueries; workspace: Workspace }) {
  const pathOf = (id: string, { file }: CheckpointRow) => join(workspace.runFolder(id), file);
  return {
    /** The newest one, or null. */
    async last(id: string): Promise<StoredCheckpoint | null> {
      for (const row of queries.checkpoints(id).reverse()) {
        const path = pathOf(id, row);
        if (await exists(path)) return { ...row, path };
      }
      return null;
    },
    /** @throws StudioError `checkpoint-missing` naming the steps there are */
    async at(id: string, step: number): Promise<StoredCheckpoint> {
      const rows = queries.checkpoints(id);
      const row = rows.find((candidate) => candidate.step === step);
      const path = row && pathOf(id, row);
      if (row && path && (await exists(path))) return { ...row, path };
      const known = rows.map((candidate) => candidate.step).join(', ');
      throw new StudioError(
        'checkpoint-missing',
        `Run “${id}” has no checkpoint at step ${step}. It has: ${known || 'none yet'}.`,
        { run: id, step, known },
      );
    },
    /** Removes the oldest beyond what the run keeps, sparing those that pictures came from. */
    async prune({ id, settings }: Run): Promise<void> {
      const used = queries.usedCheckpointSteps(id);
      const spare = queries.checkpoints(id).filter(({ step }) => !used.has(step));
      for (const row of spare.slice(0, Math.max(0, spare.length - Number(settings.keepCheckpoints)))) {
        queries.dropCheckpoint(id, row.step);
        await rm(pathOf(id, row), { force: true });
      }
    },
  };
}
