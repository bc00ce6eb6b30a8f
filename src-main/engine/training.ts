import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineOrder, TrainJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { toFailure } from '../contract/errors.ts';
import { drawsFromInputs, families } from '../contract/presets.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { augmentationOf } from './augmentation/augmentation.ts';
import type { BackendHandle } from './backends/backend.ts';
import { readCheckpoint, requireSameModel, writeCheckpoint } from './checkpoint.ts';
import { damageOf } from './damage.ts';
import { openDataset, openPairs } from './dataset-reader.ts';
import { appendLine, writeFileDurably } from './durable-file.ts';
import { createGradientWatch } from './gradient-watch.ts';
import { createLiveSettings, type SettingStep } from './live-settings.ts';
import type { ModelFamily } from './models/family.ts';
import { picturesPerStep } from './models/family.ts';
import type { OrderQueue } from './orders.ts';
import { drawSampleSheet } from './sample-sheet.ts';
import { createStepClock } from './step-clock.ts';
import { requireCalm, requireFinite, requireFiniteValues, requireNoMore } from './training-health.ts';
import { readStart, startFrom } from './transfer.ts';

export interface TrainingContext {
  readonly job: TrainJob;
  readonly family: ModelFamily;
  readonly backend: BackendHandle;
  readonly orders: OrderQueue;
  readonly report: (report: EngineReport) => void;
  /** Told every step before it begins, so that a failure can name it. */
  readonly atStep: (step: number) => void;
}

const tickEveryMs = 500;
const yieldEveryMs = 20;

/**
 * Trains until the job's stop condition or an order ends it, and reports on the way: `started`, then
 * `tick`, `sample`, `checkpoint`, `paused` and `resumed` as they happen, `finished` at last.
 *
 * Orders are obeyed between steps. `trainedMs` counts this sitting from its first step on, samples and
 * checkpoints included, pauses not; a stop condition in minutes is measured against it.
 *
 * Settings change at the steps the job names and where an order asks for it. A changed model is saved, built anew
 * and loaded, as if a checkpoint had come between: what is not part of a checkpoint cannot make a difference.
 *
 * @throws StudioError `numbers-not-finite` naming the step and the tensor and `gradient-exploded`, before anything
 *   of it is saved; `checkpoint-foreign`, `checkpoint-corrupt`; `engine-failed` when tensors pile up; and what
 *   reading the data and writing the files may throw
 */
export async function train(context: TrainingContext): Promise<void> {
  const { job, family, backend, orders } = context;
  const { runFolder } = job;
  const { parameters, bestMetric, needsPairs = false } = families[job.config.family];
  const resumed = job.resumeFrom === null ? null : readCheckpoint(job.resumeFrom);
  if (resumed) requireSameModel(resumed.config, job.config, job.resumeFrom!);
  const live = createLiveSettings(parameters, job.config.settings, job.changes ?? []);
  let step = resumed?.step ?? 0;
  live.advance(step);

  let config = { ...job.config, settings: live.current };
  let pictures = picturesPerStep(family, config);
  const source = {
    versionFolder: job.versionFolder,
    images: job.images,
    heldOutImages: job.heldOutImages ?? 0,
    sizePx: config.sizePx,
    channels: config.channels,
  };
  const openPictures = () =>
    openDataset({
      ...source,
      pairs: needsPairs,
      damage: damageOf(config),
      batchSize: pictures,
      seed: config.seed,
      augmentation: augmentationOf(config.settings),
      ...(config.classes ? { classes: config.classes.length } : {}),
    });
  let dataset = openPictures();
  const takesInputs = drawsFromInputs(config.family);
  const shownPairs = takesInputs ? openPairs({ ...source, damage: damageOf(config) }) : null;
  let model = family.build(config);
  if (resumed) model.load(resumed.tensors, resumed.step, job.resumeFrom!);
  else if (job.startFrom) {
    const { checkpoint, mode } = job.startFrom;
    startFrom(model, readStart(checkpoint, config), mode, checkpoint);
  }

  let savedStep = resumed?.step ?? -1;
  let sampledStep = -1;
  let tensorsAllowed: number | null = null;
  let scores = { sum: 0, steps: 0 };
  const clock = createStepClock();
  const gradients = createGradientWatch();

  const report = (message: EngineReport): void => {
    appendLine(path.join(runFolder, 'log.ndjson'), JSON.stringify({ at: Date.now(), ...message }));
    context.report(message);
  };

  const tick = (): void => {
    const due = clock.endTick();
    if (!due) return;
    requireFinite(model, step);
    const { tensors } = backend.memory();
    // The first tick sees what lazily made things there are; from then on the number may only fall.
    tensorsAllowed ??= tensors;
    requireNoMore(tensors, tensorsAllowed, step);
    const memoryMb = process.memoryUsage.rss() / 1e6;
    report({
      report: 'tick',
      step,
      trainedMs: clock.trainedMs(),
      stepMs: due.stepMs,
      values: { ...due.means, stepsPerSecond: due.stepsPerSecond, memoryMb, tensors },
    });
  };

  const sample = (): void => {
    if (sampledStep === step) return;
    const file = `samples/${String(step).padStart(8, '0')}.png`;
    const { png, columns, rows } = drawSampleSheet(model, shownPairs);
    writeFileDurably(path.join(runFolder, file), png);
    sampledStep = step;
    report({ report: 'sample', step, file, columns, rows });
  };

  const save = (): void => {
    if (savedStep === step) return;
    // Saving measures the statistics of the average: they are looked through as well.
    const tensors = model.save();
    requireFinite(model, step);
    const written = writeCheckpoint(runFolder, { config, step, tensors });
    savedStep = step;
    const score = scores.steps === 0 ? null : scores.sum / scores.steps;
    scores = { sum: 0, steps: 0 };
    report({ report: 'checkpoint', step, trainedMs: clock.trainedMs(), ...written, score });
  };

  const isReached = (): boolean =>
    job.stop.kind === 'steps' ? step >= job.stop.steps : clock.trainedMs() >= job.stop.minutes * 60_000;

  const trainStep = (): void => {
    context.atStep(step);
    clock.beginStep();
    const shape: [number, number, number, number] = [pictures, config.sizePx, config.sizePx, config.channels];
    const images = tf.tensor4d(dataset.batch(step), shape);
    const inputs = takesInputs ? tf.tensor4d(dataset.inputs(step), shape) : undefined;
    try {
      const values = model.trainStep(images, step, dataset.labels(step), inputs);
      step++;
      requireFiniteValues(values, model, step);
      requireCalm(gradients.look(values, Number(live.current.explosionFactor)), step);
      const score = bestMetric && values[bestMetric.key];
      if (score !== undefined) scores = { sum: scores.sum + score, steps: scores.steps + 1 };
      clock.endStep(values);
    } finally {
      images.dispose();
      inputs?.dispose();
    }
  };

  const takeOver = (changes: readonly SettingStep[]): void => {
    if (changes.length === 0) return;
    config = { ...config, settings: live.current };
    if (!live.concernsModel(changes)) return;
    const tensors = model.save();
    model.dispose();
    dataset.close();
    pictures = picturesPerStep(family, config);
    dataset = openPictures();
    model = family.build(config);
    model.load(tensors, step, `the model of step ${step}`);
    tensorsAllowed = null;
  };

  const change = (wanted: Settings): void => {
    let changes: SettingStep[];
    try {
      changes = live.wish(wanted);
    } catch (error) {
      report({ report: 'change-refused', failure: toFailure(error) });
      return;
    }
    takeOver(changes);
    report({ report: 'changed', step, changes });
  };

  /** Obeys what has come in; true when training is to end. */
  const obeyOrders = async (): Promise<boolean> => {
    let paused = false;
    for (;;) {
      const order = orders.take();
      if (!order) {
        if (!paused) return false;
        await orders.arrival();
        continue;
      }
      if (order.order === 'stop') return true;
      paused = obey(order, paused);
    }
  };

  const obey = (order: Exclude<EngineOrder, { order: 'stop' }>, paused: boolean): boolean => {
    switch (order.order) {
      case 'pause':
        if (paused) return true;
        tick();
        clock.pause();
        report({ report: 'paused', step });
        return true;
      case 'resume':
        if (!paused) return false;
        clock.resume();
        report({ report: 'resumed', step });
        return false;
      case 'save':
        save();
        return paused;
      case 'sample':
        sample();
        return paused;
      case 'set':
        change(order.settings);
        return paused;
    }
  };

  try {
    report({
      report: 'started',
      backend: { id: backend.id, device: backend.device, threads: backend.threads },
      parameters: model.parameters,
      step,
      trainedMs: 0,
    });
    let stopped = false;
    if (!isReached()) {
      clock.resume();
      if (step === 0) sample();
      let yieldedAt = performance.now();
      while (!isReached()) {
        if (performance.now() - yieldedAt >= yieldEveryMs) {
          await setImmediate();
          yieldedAt = performance.now();
        }
        takeOver(live.advance(step));
        stopped = await obeyOrders();
        if (stopped) break;
        trainStep();
        if (step % Number(live.current.sampleEverySteps) === 0) sample();
        if (step % Number(live.current.checkpointEverySteps) === 0) save();
        if (clock.sinceTickMs() >= tickEveryMs) tick();
      }
      tick();
      sample();
      save();
    }
    report({
      report: 'finished',
      outcome: stopped ? 'stopped' : 'completed',
      step,
      trainedMs: clock.trainedMs(),
      stepMs: clock.medianStepMs(),
    });
  } finally {
    dataset.close();
    shownPairs?.close();
    model.dispose();
  }
}
