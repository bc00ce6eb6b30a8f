import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Machine } from '../contract/domain/studio.ts';
import { freeDiskBytes } from '../workspace/files.ts';

/** What this computer has, and how busy it is. */
export async function describeMachine(workspaceFolder: string): Promise<Machine> {
  const cores = availableParallelism();
  return {
    cores,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    load: process.platform === 'win32' ? null : Math.min(1, loadavg()[0] / cores),
    freeDiskBytes: await freeDiskBytes(workspaceFolder),
    platform: `${process.platform}-${process.arch}`,
  };
}
