import { z } from 'zod';
import { pictureSizes } from '../presets.ts';

/** Milliseconds since the epoch. */
export const timestampSchema = z.number().int().nonnegative();
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
export const settingValueSchema = z.union([z.number(), z.string(), z.boolean()]);
export const settingsSchema = z.record(z.string(), settingValueSchema);
export const pictureSizeSchema = z.literal([...pictureSizes]);
export const channelsSchema = z.literal([1, 3]);
/** Seeds are 32-bit: the same seed names the same pictures everywhere. */
export const seedSchema = z.number().int().min(0).max(0xffffffff);
