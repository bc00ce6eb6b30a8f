import type { NewFinding } from '../store/findings.ts';

/** To the process that puts findings together: which dataset, or how many of what it found it should hand over. */
export type FindingsOrder = { find: string } | { next: number };

/** A part of what was found; `alike` are ids of pictures in sets, which come when all findings were handed over. */
export interface FoundPart {
  findings: readonly NewFinding[];
  alike: readonly (readonly string[])[];
}

export type FindingsAnswer = { found: true } | FoundPart | { failed: string };
