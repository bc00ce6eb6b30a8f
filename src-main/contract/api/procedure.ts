import { oc } from '@orpc/contract';
import { z } from 'zod';
import { failureSchema } from '../errors.ts';

/**
 * Every expected failure arrives as the typed error `STUDIO` whose data is a `Failure`; anything else is
 * `INTERNAL_SERVER_ERROR` and was logged with its stack.
 */
export const procedure = oc.errors({ STUDIO: { status: 422, data: failureSchema } });

export const nothing = z.void();
export const byId = z.object({ id: z.string() });
export const page = z.object({
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(200),
});
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ total: z.number().int(), items: z.array(item) });
