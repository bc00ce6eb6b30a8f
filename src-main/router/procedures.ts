import { implement } from '@orpc/server';
import { contract } from '../contract/api.ts';
import { StudioError, toFailure } from '../contract/errors.ts';

/** Where a failure that nobody expected is told, with its stack. */
export type ReportUnexpected = (error: unknown, procedure: string) => void;

/** The contract's procedures, to be bound; each turns a `StudioError` into the typed error of the contract. */
export function createProcedures(report: ReportUnexpected) {
  return implement(contract).use(async ({ next, path, errors }) => {
    try {
      return await next();
    } catch (error) {
      if (error instanceof StudioError) {
        throw errors.STUDIO({ message: error.message, data: toFailure(error) });
      }
      report(error, path.join('.'));
      throw error;
    }
  });
}
export type Procedures = ReturnType<typeof createProcedures>;
