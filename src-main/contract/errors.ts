import { z } from 'zod';

/** Every expected failure. The renderer words each of them in the user's language (`errors.<code>`). */
export const errorCodes = [
  'archive-corrupt',
  'archive-encrypted',
  'archive-symlink',
  'archive-too-large',
  'archive-unsafe-path',
  'array-layout-needed',
  'array-unusable',
  'backend-install-failed',
  'backend-lost',
  'backend-unavailable',
  'cancelled',
  'checkpoint-corrupt',
  'checkpoint-foreign',
  'checkpoint-missing',
  'connection-failed',
  'container-corrupt',
  'container-without-pictures',
  'dataset-changed',
  'class-unknown',
  'dataset-does-not-fit',
  'dataset-not-paired',
  'disk-full',
  'engine-crashed',
  'engine-failed',
  'ensemble-mismatch',
  'export-target-not-empty',
  'export-verification-failed',
  'file-unreadable',
  'folder-empty',
  'folder-without-pictures',
  'gradient-exploded',
  'idx-corrupt',
  'idx-mismatch',
  'input-invalid',
  'manifest-invalid',
  'mask-unusable',
  'model-exceeds-device',
  'not-found',
  'not-possible-now',
  'not-supported-here',
  'numbers-not-finite',
  'out-of-memory',
  'path-missing',
  'pictures-too-few',
  'precision-unavailable',
  'preset-unknown',
  'query-failed',
  'query-too-slow',
  'query-without-pictures',
  'recipe-impossible',
  'repair-unsupported',
  'setting-fixed',
  'setting-out-of-range',
  'setting-unknown',
  'source-unsupported',
  'workspace-in-use',
  'workspace-missing',
  'workspace-newer',
  'workspace-read-only',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The parts of a message that name things: a path, a key, a limit. */
export const errorDetailsSchema = z.record(z.string(), z.union([z.string(), z.number()]));
export type ErrorDetails = z.infer<typeof errorDetailsSchema>;

/** A failure as it crosses the contract and as it is kept in the store. */
export const failureSchema = z.object({
  code: z.enum([...errorCodes, 'unexpected']),
  /** English, for logs and the command line: what happened to which thing, why, and what to do now. */
  message: z.string(),
  details: errorDetailsSchema,
});
export type Failure = z.infer<typeof failureSchema>;

/**
 * An expected failure.
 *
 * `message` is one or two English sentences that name the thing and say what to do; `details` holds the
 * same names for the translated wording.
 */
export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StudioError';
    this.code = code;
    this.details = details;
  }
}

/** The failure that stands for any thrown value; whatever is not a `StudioError` becomes `unexpected`. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof StudioError) {
    return { code: thrown.code, message: thrown.message, details: thrown.details };
  }
  return {
    code: 'unexpected',
    message: thrown instanceof Error ? thrown.message : String(thrown),
    details: {},
  };
}

/** The error that stands for a failure received from another process. */
export function fromFailure(failure: Failure): Error {
  return failure.code === 'unexpected'
    ? new Error(failure.message)
    : new StudioError(failure.code, failure.message, failure.details);
}
