import { ORPCError } from '@orpc/client';
import type { Failure } from '../../src-main/contract/errors.ts';
import { StudioError, toFailure } from '../../src-main/contract/errors.ts';

/** The failure behind anything a call threw; never throws itself. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ORPCError) {
    if (error.code === 'STUDIO') return error.data as Failure;
    if (error.code === 'BAD_REQUEST') {
      return toFailure(new StudioError('input-invalid', error.message, { what: error.message }));
    }
  }
  return toFailure(error);
}

/** Whether the studio itself said no, as opposed to a connection that broke. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ORPCError;
}
