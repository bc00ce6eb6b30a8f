import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { StudioError } from '../contract/errors.ts';
import type { EngineEnd } from './engine-process.ts';
import { crashError, engineHeapBytes } from './engine-process.ts';

/** What an engine holds before it has a model, and copies of its weights while they train. */
const bytesOfEngine = 100_000_000;
const copiesOfWeights = 8;
const bytesPerNumber = 4;
const smallestBatch = 2;
/** Room that is left for whatever else grows. */
const share = 0.8;

const heapMessage = /heap out of memory|Reached heap limit|CALL_AND_RETRY|Array buffer allocation failed/i;

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
const numberIn = (text: string, name: RegExp): number => Number(name.exec(text)?.[1] ?? 0);

/** How many processes the system has ended for want of memory so far; 0 where it does not tell. */
export function systemKills(): number {
  const ofSystem = numberIn(textOf('/proc/vmstat'), /^oom_kill (\d+)$/m);
  const ofGroup = numberIn(textOf('/sys/fs/cgroup/memory.events'), /^oom_kill (\d+)$/m);
  return ofSystem + ofGroup;
}

/** Memory that could still be had, in bytes; where the system tells, without emptying what others use. */
export function availableBytes(): number {
  const kilobytes = numberIn(textOf('/proc/meminfo'), /^MemAvailable:\s+(\d+) kB$/m);
  const limit = Number(textOf('/sys/fs/cgroup/memory.max').trim());
  const used = Number(textOf('/sys/fs/cgroup/memory.current').trim());
  const ofSystem = kilobytes > 0 ? kilobytes * 1024 : freemem();
  return limit > 0 && Number.isFinite(limit) ? Math.min(ofSystem, Math.max(0, limit - used)) : ofSystem;
}

/** The most that a process has held so far, in bytes; 0 where the system does not tell. */
export function peakBytesOf(pid: number | undefined): number {
  return pid === undefined ? 0 : numberIn(textOf(`/proc/${pid}/status`), /^VmHWM:\s+(\d+) kB$/m) * 1024;
}

export interface MemoryBeforeDeath {
  readonly batch: number;
  /** Numbers in the weights of all networks; 0 where they are not known yet. */
  readonly weights: number;
  /** The most that the engine was seen to hold. */
  readonly peakBytes: number;
  /** What could still be had when it was last looked at. */
  readonly freeBytes: number;
  /** Whether the system ended a process for want of memory while this one ran. */
  readonly systemKilled: boolean;
}

/** The largest power of two below `batch` that should fit into `hadBytes`; null when not even the smallest does. */
export function batchForMemory(
  { batch, weights }: Pick<MemoryBeforeDeath, 'batch' | 'weights'>,
  neededBytes: number,
  hadBytes: number,
): number | null {
  const fixed = Math.min(neededBytes, bytesOfEngine + weights * copiesOfWeights * bytesPerNumber);
  const perPicture = (neededBytes - fixed) / batch;
  for (let smaller = 2 ** Math.floor(Math.log2(batch - 1)); smaller >= smallestBatch; smaller /= 2) {
    if (fixed + perPicture * smaller <= hadBytes * share) return smaller;
  }
  return null;
}

/**
 * The failure for an engine that died without a word: `out-of-memory` with what it needed, what there was and a
 * batch that should fit, where memory ran out; else `engine-crashed`, which names the signal.
 */
export function deathOf(end: EngineEnd, memory: MemoryBeforeDeath): StudioError {
  const heapEnded = heapMessage.test(end.output);
  const killed = end.signal === 'SIGKILL' || end.exitCode === 137;
  const nothingLeft = memory.freeBytes < totalmem() * 0.05;
  const isMemory = heapEnded || end.exitCode === 137 || (killed && (memory.systemKilled || nothingLeft));
  if (!isMemory) return crashError(end);
  const { batch, peakBytes } = memory;
  const hadBytes = heapEnded
    ? Math.max(engineHeapBytes, peakBytes)
    : Math.round(peakBytes + memory.freeBytes);
  const neededBytes = Math.round(Math.max(peakBytes * 1.25, hadBytes * 1.05));
  const suggestedBatch = batchForMemory(memory, neededBytes, hadBytes);
  const advice = suggestedBatch === null ? 'Choose a narrower network.' : `Try batch ${suggestedBatch}.`;
  const how = end.signal ? `by ${end.signal}` : `with code ${end.exitCode}`;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  return new StudioError(
    'out-of-memory',
    `Memory ran out and the training process was ended ${how}: training at batch ${batch} needs more than ${megabytes(neededBytes)} MB, and ${megabytes(hadBytes)} MB could be had. ${advice}`,
    {
      neededBytes,
      hadBytes,
      batch,
      signal: end.signal ?? '',
      reason: suggestedBatch === null ? 'no-batch-fits' : 'try-batch',
      ...(suggestedBatch === null ? {} : { suggestedBatch }),
    },
  );
}
