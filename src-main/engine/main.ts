import type { EngineJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { engineJobSchema, engineOrderSchema } from '../contract/engine-messages.ts';
import type { Failure } from '../contract/errors.ts';
import { StudioError, toFailure } from '../contract/errors.ts';
import { resolveSettings } from '../contract/hyper-parameters.ts';
import { precisionOf } from '../contract/precision.ts';
import { families } from '../contract/presets.ts';
import type { FailedAllocation } from './backends/model-needs.ts';
import { createOrderQueue } from './orders.ts';

/*
 * The engine process. The studio forks it, sends one job, then orders; it answers with reports and ends.
 * Exit codes: 0 the job ended, 1 it failed (a `failed` report says why), 2 not started by a studio.
 */

const orders = createOrderQueue();
let job: EngineJob | null = null;
let step = 0;
/** Says what the present model needed and had; made as soon as there is one. */
let memoryFailure: ((allocation: FailedAllocation, message: string) => StudioError) | null = null;

/** Resolves when the studio has it, and also when there is no studio any more. */
function send(report: EngineReport): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve();
    process.send!(report, undefined, undefined, () => resolve());
  });
}

async function perform(accepted: EngineJob): Promise<void> {
  if (accepted.job === 'augment') {
    const { drawAugmentations } = await import('./augmentation-sheet.ts');
    return drawAugmentations(accepted, send);
  }
  // Loaded only now: whoever sent no valid job need not wait for the tensor library.
  const [{ openBackend }, { familyOf }] = await Promise.all([
    import('./backends/open-backend.ts'),
    import('./models/family-of.ts'),
  ]);
  const { id, threads, adapter } = accepted.backend;
  // Pictures are made later from the 32-bit weights, wherever there is a backend.
  const trains = accepted.job === 'train' || accepted.job === 'trial';
  const precision = trains ? precisionOf(accepted.config.settings) : 'full';
  const backend = await openBackend(id, { threads, adapter, precision });
  if (accepted.job === 'study') {
    const { study } = await import('./study/study.ts');
    return study(accepted, send);
  }
  if (accepted.job === 'probe') {
    const { probe } = await import('./probe.ts');
    return probe(accepted, backend, send);
  }
  const { requireFits, outOfMemory } = await import('./backends/model-needs.ts');
  const { config } = accepted;
  const family = familyOf(config.family);
  const description = family.describe(config);
  if (accepted.job !== 'generate' && accepted.job !== 'repair') {
    memoryFailure = (allocation, message) => outOfMemory(backend, description, config, allocation, message);
  }
  if (accepted.job === 'inspect') {
    const { inspect } = await import('./inspection.ts');
    return inspect(accepted, family, send);
  }
  requireFits(backend, description, config);
  switch (accepted.job) {
    case 'train': {
      const { train } = await import('./training.ts');
      let lastSent = Promise.resolve();
      const report = (message: EngineReport) => void (lastSent = send(message));
      await train({ job: accepted, family, backend, orders, report, atStep: (at) => (step = at) });
      return lastSent;
    }
    case 'generate': {
      const { generate } = await import('./generation.ts');
      return generate(accepted, family, send);
    }
    case 'repair': {
      const { repair } = await import('./repair.ts');
      return repair(accepted, family, send);
    }
    case 'trial': {
      const { tryOut } = await import('./trial.ts');
      return tryOut(accepted, family, backend, send);
    }
  }
}

/** @throws StudioError `input-invalid`, `setting-unknown`, `setting-out-of-range` */
function acceptJob(message: unknown): EngineJob {
  const parsed = engineJobSchema.safeParse(message);
  if (!parsed.success) {
    throw new StudioError('input-invalid', `The engine does not understand its job: ${parsed.error.message}`);
  }
  if (!('config' in parsed.data)) return parsed.data;
  const { config } = parsed.data;
  const settings = resolveSettings(families[config.family].parameters, config.settings);
  return { ...parsed.data, config: { ...config, settings } };
}

async function fail(thrown: unknown): Promise<never> {
  console.error(thrown);
  await send({ report: 'failed', step, failure: asFailure(thrown) });
  process.exit(1);
}

function asFailure(thrown: unknown): Failure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const isMemory =
    thrown instanceof StudioError
      ? thrown.code === 'out-of-memory'
      : /out of memory|allocation failed|memory\.grow|could not allocate|invalid (typed )?array (buffer )?length/i.test(
          message,
        );
  if (!isMemory) return toFailure(thrown);
  const allocation = thrown instanceof StudioError ? (thrown.details as FailedAllocation) : {};
  if (memoryFailure) return toFailure(memoryFailure(allocation, message));
  return toFailure(
    new StudioError(
      'out-of-memory',
      `Memory ran out (${message}). Lower the batch size or the network width, and go on from the last checkpoint.`,
      { reason: message },
    ),
  );
}

function stop(): void {
  // Only training has something to save; the others have reported what they finished.
  if (job?.job === 'train') orders.push({ order: 'stop' });
  else process.exit(0);
}

async function receive(message: unknown): Promise<void> {
  if (job) {
    const order = engineOrderSchema.safeParse(message);
    // A run is worth more than an order that this engine does not know.
    if (order.success) orders.push(order.data);
    else console.error(`The engine does not understand this order: ${order.error.message}`);
    return;
  }
  job = acceptJob(message);
  await perform(job);
  process.exit(0);
}

if (!process.send) {
  console.error('The engine is started by the studio, not by hand. See `imago --help`.');
  process.exit(2);
}
process.on('message', (message) => void receive(message).catch(fail));
process.on('disconnect', stop);
process.on('SIGTERM', stop);
// Ctrl-C reaches every process of a terminal; the studio decides what it means for this one.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => void fail(error));
process.on('unhandledRejection', (reason) => void fail(reason));
