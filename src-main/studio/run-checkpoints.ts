import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RunCheckpoint } from '../contract/domain/run-history.ts';
import type { Run } from '../contract/domain/runs.ts';
import { StudioError } from '../contract/errors.ts';
import { families } from '../contract/presets.ts';
import type { CheckpointRow } from '../store/checkpoints.ts';
import type { RunQueries } from '../store/runs.ts';
import { exists } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** A checkpoint whose file is really there. */
export interface StoredCheckpoint extends CheckpointRow {
  /** Absolute. */
  readonly path: string;
}

/** The best by the family's metric, the best one first; empty for a family that has none. */
export function bestCheckpoints<Checkpoint extends Pick<RunCheckpoint, 'score' | 'good'>>(
  family: Run['family'],
  checkpoints: readonly Checkpoint[],
): Checkpoint[] {
  const { bestMetric } = families[family];
  if (!bestMetric) return [];
  const sign = bestMetric.goal === 'lowest' ? 1 : -1;
  return checkpoints
    .filter(({ score, good }) => score !== null && good)
    .sort((a, b) => sign * (a.score! - b.score!));
}

/** The checkpoints of the runs: found, checked, starred, and thinned out. */
export function createRunCheckpoints({ queries, workspace }: { queries: RunQueries; workspace: Workspace }) {
  const pathOf = (id: string, { file }: CheckpointRow) => join(workspace.runFolder(id), file);
  const drop = async (id: string, row: CheckpointRow): Promise<void> => {
    queries.dropCheckpoint(id, row.step);
    await rm(pathOf(id, row), { force: true });
  };
  const at = async (id: string, step: number): Promise<StoredCheckpoint> => {
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
  };

  return {
    /** The newest good one, or null. */
    async last(id: string): Promise<StoredCheckpoint | null> {
      for (const row of queries.checkpoints(id).reverse()) {
        const path = pathOf(id, row);
        if (row.good && (await exists(path))) return { ...row, path };
      }
      return null;
    },
    /** @throws StudioError `checkpoint-missing` naming the steps there are */
    at,
    /**
     * Makes sure that a file still holds what was written.
     *
     * @throws StudioError `checkpoint-corrupt` naming the file and the other steps there are
     */
    async requireWhole(id: string, { path, sha256, step }: StoredCheckpoint): Promise<void> {
      const hash = createHash('sha256');
      await pipeline(createReadStream(path), hash);
      if (hash.digest('hex') === sha256) return;
      const others = queries.checkpoints(id).filter((row) => row.step !== step);
      const known = others.map((row) => row.step).join(', ');
      throw new StudioError(
        'checkpoint-corrupt',
        `The checkpoint ${path} is not what was saved at step ${step}: it was cut short or replaced. Fork the run at another step (${known || 'there is none'}), or put the file back from a backup.`,
        { file: path, step, known, reason: 'replaced' },
      );
    },
    /** Stars one, so that it is never thinned out, or takes the star away. @throws StudioError `checkpoint-missing` */
    async mark(id: string, step: number, marked: boolean): Promise<void> {
      await at(id, step);
      queries.markCheckpoint(id, step, marked);
    },
    /**
     * Forgets what was saved after `step`, as the run goes back there. What is starred or what pictures came from
     * stays, and nothing goes on from it any more.
     */
    async rewind(id: string, step: number): Promise<void> {
      const used = queries.usedCheckpointSteps(id);
      for (const row of queries.checkpoints(id)) {
        if (row.step > step && !row.marked && !used.has(row.step)) await drop(id, row);
      }
      queries.distrustFrom(id, step + 1);
    },
    /** Removes the oldest beyond what the run keeps, sparing the starred, the best and those that pictures came from. */
    async prune({ id, family, settings }: Run): Promise<void> {
      const rows = queries.checkpoints(id);
      const best = bestCheckpoints(family, rows).slice(0, Number(settings.keepBestCheckpoints ?? 0));
      const kept = new Set([...queries.usedCheckpointSteps(id), ...best.map(({ step }) => step)]);
      const spare = rows.filter(({ step, marked }) => !marked && !kept.has(step));
      for (const row of spare.slice(0, Math.max(0, spare.length - Number(settings.keepCheckpoints)))) {
        await drop(id, row);
      }
    },
  };
}

export type RunCheckpoints = ReturnType<typeof createRunCheckpoints>;
