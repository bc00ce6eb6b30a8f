import { Option, type Command } from 'commander';
import { backendIds, type BackendId } from '../contract/domain/backends.ts';
import { type Dataset } from '../contract/domain/datasets.ts';
import type { LayerRow } from '../contract/domain/estimates.ts';
import type { Waiting } from '../contract/domain/run-history.ts';
import { type Run, type StopCondition } from '../contract/domain/runs.ts';
import { fromFailure, StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { findPreset, settingsFor, type Preset } from '../contract/presets.ts';
import type { NewRunRequest } from '../studio/run-plan.ts';
import type { Studio } from '../studio/studio.ts';
import { buildVersion } from './dataset-commands.ts';
import {
  collectSetting,
  findByIdOrName,
  positiveNumber,
  printResult,
  say,
  wholeNumber,
  withCommonOptions,
  withStudio,
  type CommonOptions,
} from './session.ts';

interface TrainOptions extends CommonOptions {
  dataset?: string;
  preset?: string;
  resume?: string;
  from?: string;
  keepOptimiser?: boolean;
  backend?: BackendId;
  steps?: number;
  minutes?: number;
  seed?: number;
  name?: string;
  set: Settings;
}

/** The end that was asked for, if one was. */
export function stopCondition(options: Pick<TrainOptions, 'steps' | 'minutes'>): StopCondition | undefined {
  if (options.steps !== undefined) return { kind: 'steps', steps: options.steps };
  if (options.minutes !== undefined) return { kind: 'minutes', minutes: options.minutes };
  return undefined;
}

/** The current version, or else the newest, in the preset's form; one is made where there is none. */
async function versionFor(studio: Studio, dataset: Dataset, preset: Preset, signal: AbortSignal) {
  const inForm = dataset.versions.filter(
    ({ sizePx, channels }) => sizePx === preset.sizePx && channels === preset.channels,
  );
  const current = dataset.currentVersion?.version;
  const fitting = inForm.find((made) => made.version === current) ?? inForm.at(-1);
  if (fitting) return fitting;
  const made = await buildVersion(
    studio,
    dataset.id,
    { size: preset.sizePx, channels: preset.channels },
    signal,
  );
  say(`Made version ${made.version} of “${dataset.name}” in the form that ${preset.id} trains on.`);
  return made;
}

async function startRun(studio: Studio, options: TrainOptions, signal: AbortSignal): Promise<Run> {
  const stop = stopCondition(options);
  if (options.resume !== undefined) {
    const run = findByIdOrName(studio.runs.list(), options.resume, 'run');
    return studio.runs.resume(run.id, stop, options.backend);
  }
  const source = options.from === undefined ? null : sourceOf(studio, options.from);
  const presetId = options.preset ?? source?.run.presetId;
  if (options.dataset === undefined || presetId === undefined) {
    throw new StudioError(
      'input-invalid',
      'Name what to train: --dataset and --preset for a new run, or --resume with a run.',
    );
  }
  const preset = findPreset(presetId);
  const dataset = findByIdOrName(studio.datasets.list(), options.dataset, 'dataset');
  // Refused before anything is prepared.
  settingsFor(preset, options.set);
  const version = await versionFor(studio, dataset, preset, signal);
  const request: NewRunRequest = {
    projectId: dataset.projectId,
    datasetId: dataset.id,
    version: version.version,
    presetId: preset.id,
    settings: options.set,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(stop === undefined ? {} : { stop }),
    ...(options.backend === undefined ? {} : { backend: options.backend }),
  };
  if (source) {
    const from = {
      runId: source.run.id,
      ...(source.step === undefined ? {} : { step: source.step }),
      mode: options.keepOptimiser ? ('kept' as const) : ('fresh' as const),
    };
    const { step, layers } = await studio.runs.planStart({ ...request, from });
    say(startText(source.run.name, step, layers));
    return studio.runs.create({ ...request, from });
  }
  return studio.runs.create(request);
}

/** `<run>` or `<run>@<step>`; a run whose own name ends so is meant first. */
function sourceOf(studio: Studio, text: string): { run: Run; step?: number } {
  const runs = studio.runs.list();
  const at = /^(.+)@(\d+)$/.exec(text);
  if (!at || runs.some(({ id, name }) => id === text || name === text)) {
    return { run: findByIdOrName(runs, text, 'run') };
  }
  return { run: findByIdOrName(runs, at[1]!, 'run'), step: Number(at[2]) };
}

/** What a run takes over before its first step, network by network. */
function startText(name: string, step: number, layers: readonly LayerRow[]): string {
  const list = (wanted: (row: LayerRow) => boolean) =>
    layers
      .filter((row) => row.start !== undefined && wanted(row))
      .map((row) => `${row.network}.${row.name}`)
      .join(', ') || 'none';
  return [
    `From step ${step} of “${name}”:`,
    `  taken over: ${list(({ start }) => start === 'taken')}`,
    `  start anew: ${list(({ start }) => start === 'fresh')}`,
    `  stay frozen: ${list(({ frozen }) => frozen)}`,
  ].join('\n');
}

const progressEveryMs = 2000;
/** What a line of progress tells, where the family of the run has it. */
const toldMetrics = [
  ['discriminatorLoss', 'loss D'],
  ['generatorLoss', 'G'],
  ['realScore', 'D(real)'],
  ['generatedScore', 'D(made)'],
  ['augmentationProbability', 'p(augment)'],
  ['wassersteinDistance', 'distance'],
  ['discriminatorSlope', 'slope'],
  ['pairDistance', 'distance from targets'],
  ['repairDistance', 'distance from whole pictures'],
  ['holeDistance', 'in the holes'],
  ['reconstructionLoss', 'reconstruction'],
  ['klDivergence', 'divergence'],
] as const;

/** Tells how a run goes until it has ended; an aborted `signal` saves and stops it. */
export async function followRun(studio: Studio, run: Run, signal: AbortSignal): Promise<Run> {
  const stop = () => {
    say('Saving, then stopping …');
    studio.runs.stop(run.id);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const quiet = new AbortController();
  const telling = (async () => {
    let toldAt = 0;
    for await (const event of studio.runs.watch(run.id, Number.MAX_SAFE_INTEGER, quiet.signal)) {
      if (event.type !== 'metrics' || event.points.length === 0) continue;
      if (Date.now() - toldAt < progressEveryMs) continue;
      toldAt = Date.now();
      const { step, values } = event.points[event.points.length - 1];
      const told = toldMetrics
        .filter(([metric]) => values[metric] !== undefined)
        .map(([metric, name]) => `${name} ${values[metric]!.toFixed(3)}`);
      const speed = `${values.stepsPerSecond?.toFixed(1) ?? '–'} steps/s`;
      say(`Step ${step}: ${[...told, speed].join(', ')}`);
    }
  })();
  try {
    return await studio.runs.whenEnded(run.id);
  } finally {
    signal.removeEventListener('abort', stop);
    quiet.abort();
    await telling;
  }
}

/** Why a run waits, in words. */
export function waitingText(waiting: Waiting | null): string {
  if (waiting === null) return '';
  if (waiting.kind === 'not-worked-off') return 'waits for a studio that works off the queue';
  const names = waiting.running.map((name) => `“${name}”`).join(', ');
  return `waits for the ${waiting.device}, number ${waiting.place}: ${names} trains there, and ${waiting.atOnce} may at once`;
}

export function addRunCommands(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('train')
      .description('Train a preset on a dataset, or go on with a run; Ctrl-C saves and stops')
      .option('--dataset <id|name>', 'what to learn from')
      .option('--preset <id>', 'what to train (see “imago presets”)')
      .option(
        '--from <run[@step]>',
        'start with the layers of another run’s checkpoint that fit (its newest good one); settings that are not said stay as they are there',
      )
      .option('--keep-optimiser', 'with --from: take the optimiser’s memory over as well')
      .option('--resume <id|name>', 'go on with this run from its last checkpoint')
      .addOption(new Option('--backend <id>', 'what to train on, this time').choices(backendIds))
      .option('--steps <n>', 'train to this step in all', wholeNumber(1, 100_000_000))
      .option('--minutes <m>', 'train for so long in all', positiveNumber)
      .option('--seed <n>', 'the same seed trains the same model', wholeNumber(0, 0xffffffff))
      .option('--name <name>', 'what to call the run')
      .option('--set <key=value>', 'a setting of the preset; again for more', collectSetting, {}),
  ).action(async (options: TrainOptions) => {
    if (options.steps !== undefined && options.minutes !== undefined) {
      throw new StudioError('input-invalid', 'Give --steps or --minutes, not both.');
    }
    if (options.keepOptimiser && options.from === undefined) {
      throw new StudioError('input-invalid', '--keep-optimiser goes with --from alone.');
    }
    if (options.from !== undefined && options.resume !== undefined) {
      throw new StudioError('input-invalid', 'Give --from or --resume, not both.');
    }
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const started = await startRun(studio, options, signal);
      say(`Run ${started.id}: “${started.name}”`);
      const run = await followRun(studio, started, signal);
      if (run.failure) throw fromFailure(run.failure);
      const checkpoint = await studio.runs.checkpoints.last(run.id);
      printResult(
        options,
        {
          run: run.id,
          steps: run.step,
          stepMs: run.stepMs,
          trainedMs: run.trainedMs,
          checkpoint: checkpoint?.path ?? null,
          backend: run.backend?.id ?? null,
        },
        `Run ${run.id} is at step ${run.step} (${run.stepMs?.toFixed(1) ?? '–'} ms a step). Checkpoint: ${checkpoint?.path ?? 'none'}`,
      );
    });
  });

  withCommonOptions(program.command('runs').description('List the runs of the workspace')).action(
    async (options: CommonOptions) => {
      await withStudio(options, { version, create: false }, async (studio) => {
        const runs = studio.runs.list();
        const lines = runs.map(
          ({ id, name, state, step, presetId, waiting }) =>
            `${id}  “${name}”  ${presetId}  ${state} at step ${step}${waiting ? `, ${waitingText(waiting)}` : ''}`,
        );
        printResult(options, { runs }, lines.join('\n') || 'No runs yet.');
      });
    },
  );
}
