import { z } from 'zod';
import { failureSchema } from '../errors.ts';
import { timestampSchema } from './values.ts';

/** What tensors can live on, the preferred one first. */
export const backendIds = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export const backendIdSchema = z.enum(backendIds);
export type BackendId = z.infer<typeof backendIdSchema>;

export const backendSchema = z.object({
  id: backendIdSchema,
  device: z.string(),
  threads: z.number().int(),
});
export type Backend = z.infer<typeof backendSchema>;

/** What a backend's device is. */
export const deviceSchema = z.object({
  /** In words, for example "NVIDIA RTX 3060 through Vulkan" or "CPU, wasm SIMD (relaxed), 2 threads". */
  name: z.string(),
  vendor: z.string(),
  memoryBytes: z.number().nullable(),
  /** True for a graphics device that the processor imitates: right, and far slower than the processor itself. */
  software: z.boolean(),
  /** Every adapter that could be chosen by name; empty where there is no choice. */
  adapters: z.array(z.string()),
  /** Whether it has 16-bit arithmetic (`shader-f16`), which mixed precision needs; absent where that is not known. */
  halfPrecision: z.boolean().optional(),
});
export type Device = z.infer<typeof deviceSchema>;

/** What a backend's last probe on this machine found. */
export const backendProbeSchema = z.object({
  id: backendIdSchema,
  at: timestampSchema,
  /** Null when it was refused before it had a device. */
  device: deviceSchema.nullable(),
  /** Median of the probe's training steps; null when it trained none. */
  stepMs: z.number().nullable(),
  /** Why it cannot be used, in words that name what to do; null when it can. */
  refusal: failureSchema.nullable(),
  /** Why it is slower than it could be; null when it is not. */
  remark: z.string().nullable(),
});
export type BackendProbe = z.infer<typeof backendProbeSchema>;

/** Every backend, in the order of preference, and which one would be used now. */
export const backendsSchema = z.object({
  backends: z.array(z.object({ id: backendIdSchema, probe: backendProbeSchema.nullable() })),
  pinned: backendIdSchema.nullable(),
  /** The adapter that `webgpu` is to use where there are several; empty for the system's choice. */
  adapter: z.string(),
  chosen: backendIdSchema,
  /** Why the pinned one is not the chosen one; null when it is, or when none is pinned. */
  notice: failureSchema.nullable(),
});
export type Backends = z.infer<typeof backendsSchema>;
