import { Option, type Command } from 'commander';
import { backendIds, type BackendId } from '../contract/domain/backends.ts';
import type { Estimate } from '../contract/domain/estimates.ts';
import type { Run } from '../contract/domain/runs.ts';
import { fromFailure, StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { families, findPreset } from '../contract/presets.ts';
import { bestCheckpoints } from '../studio/run-checkpoints.ts';
import type { Studio } from '../studio/studio.ts';
import { followRun, stopCondition, waitingText } from './run-commands.ts';
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

interface ForkOptions extends CommonOptions {
  at?: number;
  preset?: string;
  dataset?: string;
  datasetVersion?: number;
  steps?: number;
  minutes?: number;
  seed?: number;
  name?: string;
  backend?: BackendId;
  set: Settings;
}

interface CheckpointOptions extends CommonOptions {
  star?: number;
  unstar?: number;
}

/** Two digits of it, in hours where those say more. */
const duration = (minutes: number): string =>
  minutes < 120
    ? `${Number(minutes.toPrecision(2))} minutes`
    : `${Number((minutes / 60).toPrecision(2))} hours`;

/** The layer table and what a step takes, as lines of text. */
function estimateText({ layers, stepMs, memoryBytes, trialSteps, backend }: Estimate, steps: number): string {
  const rows = layers.map(({ network, name, outputShape, parameters, frozen }) => [
    `${network}.${name}`,
    outputShape.join('×'),
    `${parameters}${frozen ? ' frozen' : ''}`,
  ]);
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const table = [['layer', 'output', 'weights'], ...rows, ['all', '', String(total)]];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(([layer, shape, weights]) =>
    `${layer!.padEnd(widths[0]!)}  ${shape!.padStart(widths[1]!)}  ${weights!.padStart(widths[2]!)}`.trimEnd(),
  );
  const minutes = (steps * stepMs) / 60_000;
  return [
    ...lines,
    `${stepMs.toFixed(1)} ms a step on ${backend.device}, measured over ${trialSteps}: about ${duration(minutes)} for ${steps} steps.`,
    `Memory: about ${Math.round(memoryBytes / 1e6)} MB, drawing and saving included.`,
  ].join('\n');
}

function checkpointText(run: Run): string {
  const best = bestCheckpoints(run.family, run.checkpoints)[0]?.step;
  const lines = run.checkpoints.map(({ step, bytes, sha256, marked, good, score }) =>
    [
      `${marked ? '*' : ' '} ${String(step).padStart(9)}  ${(bytes / 1e6).toFixed(1).padStart(7)} MB  ${sha256.slice(0, 12)}`,
      ...(score === null ? [] : [score.toPrecision(4)]),
      ...(step === best ? ['best'] : []),
      ...(good ? [] : ['went bad']),
    ].join('  '),
  );
  const { bestMetric } = families[run.family];
  const remark = bestMetric
    ? `The best has the ${bestMetric.goal} ${bestMetric.key}.`
    : 'This family has no figure that tells its best checkpoint.';
  return [...(lines.length > 0 ? lines : ['No checkpoints yet.']), remark].join('\n');
}

const find = (studio: Studio, text: string): Run => findByIdOrName(studio.runs.list(), text, 'run');

/** Commands that look after runs: fork, change, star, queue; and the estimate before one is made. */
export function addRunCareCommands(program: Command, version: string): void {
  const setup = { version, create: false };

  withCommonOptions(
    program
      .command('fork <run>')
      .description('Train on from a checkpoint of a run as a run of its own; Ctrl-C saves and stops')
      .option('--at <step>', 'a step it was saved at (the newest good one)', wholeNumber(0, 100_000_000))
      .option('--preset <id>', 'another preset of the same family and size')
      .option('--dataset <id|name>', 'other pictures of the same form')
      .option('--dataset-version <n>', 'a version of them (the newest)', wholeNumber(1, 1_000_000))
      .addOption(new Option('--backend <id>', 'what to train on').choices(backendIds))
      .option('--steps <n>', 'train to this step in all', wholeNumber(1, 100_000_000))
      .option('--minutes <m>', 'train for so long', positiveNumber)
      .option('--seed <n>', 'another seed than the run’s', wholeNumber(0, 0xffffffff))
      .option('--name <name>', 'what to call it')
      .option('--set <key=value>', 'a setting to change; again for more', collectSetting, {}),
  ).action(async (text: string, options: ForkOptions) => {
    await withStudio(options, setup, async (studio, signal) => {
      const run = find(studio, text);
      const { at, preset, seed, name, backend, set } = options;
      const stop = stopCondition(options);
      const fork = await studio.runs.fork({
        id: run.id,
        settings: set,
        ...(at === undefined ? {} : { step: at }),
        ...(preset === undefined ? {} : { presetId: preset }),
        ...(seed === undefined ? {} : { seed }),
        ...(name === undefined ? {} : { name }),
        ...(backend === undefined ? {} : { backend }),
        ...(stop === undefined ? {} : { stop }),
        ...dataOf(studio, run, options),
      });
      say(`Run ${fork.id}: “${fork.name}”, from step ${fork.parent?.step ?? 0} of “${run.name}”`);
      const ended = await followRun(studio, fork, signal);
      if (ended.failure) throw fromFailure(ended.failure);
      const checkpoint = await studio.runs.checkpoints.last(ended.id);
      printResult(
        options,
        { run: ended.id, parent: ended.parent, steps: ended.step, checkpoint: checkpoint?.path ?? null },
        `Run ${ended.id} is at step ${ended.step}. Checkpoint: ${checkpoint?.path ?? 'none'}`,
      );
    });
  });

  withCommonOptions(
    program
      .command('set <run> <settings...>')
      .description('Change settings of a run from where it goes on, such as learningRate=0.0001'),
  ).action(async (text: string, pairs: string[], options: CommonOptions) => {
    const settings = pairs.reduce<Settings>((all, pair) => collectSetting(pair, all), {});
    await withStudio(options, setup, async (studio) => {
      const run = await studio.runs.set(find(studio, text).id, settings);
      const lines = run.changes.map(
        ({ step, key, from, to, cause, undone }) =>
          `step ${step}: ${key} ${String(from)} → ${String(to)}${cause === 'rescue' ? ' (rescue)' : ''}${undone ? ' (no longer holds)' : ''}`,
      );
      printResult(options, { run: run.id, settings: run.settings, changes: run.changes }, lines.join('\n'));
    });
  });

  withCommonOptions(
    program
      .command('checkpoints <run>')
      .description('List the checkpoints of a run; a star keeps one from being thinned out')
      .option('--star <step>', 'keep this one', wholeNumber(0, 100_000_000))
      .option('--unstar <step>', 'keep it no longer', wholeNumber(0, 100_000_000)),
  ).action(async (text: string, { star, unstar, ...options }: CheckpointOptions) => {
    await withStudio(options, setup, async (studio) => {
      const { id } = find(studio, text);
      if (star !== undefined) await studio.runs.markCheckpoint(id, star, true);
      if (unstar !== undefined) await studio.runs.markCheckpoint(id, unstar, false);
      const run = studio.runs.get(id);
      printResult(options, { run: id, checkpoints: run.checkpoints }, checkpointText(run));
    });
  });

  withCommonOptions(
    program
      .command('queue')
      .description('What trains, what waits and why; and how many may train at once on one device')
      .option('--at-once <n>', 'let so many train at once', wholeNumber(1, 8)),
  ).action(async ({ atOnce, ...options }: CommonOptions & { atOnce?: number }) => {
    await withStudio(options, setup, async (studio) => {
      if (atOnce !== undefined) studio.setPreferences({ runsAtOnce: atOnce });
      const { runsAtOnce } = studio.preferences();
      const runs = studio.runs.list().filter(({ state }) => state === 'queued');
      const lines = runs.map(({ id, name, waiting }) => `${id}  “${name}”  ${waitingText(waiting)}`);
      lines.push(`At once on one device: ${runsAtOnce}`);
      printResult(options, { runsAtOnce, runs }, lines.join('\n'));
    });
  });

  withCommonOptions(
    program
      .command('estimate')
      .description('Try a preset for a few steps: its layers, its memory and its time on this machine')
      .requiredOption('--preset <id>', 'what to try (see “imago presets”)')
      .option('--steps <n>', 'tell the time for so many steps', wholeNumber(1, 100_000_000))
      .option('--set <key=value>', 'a setting of the preset; again for more', collectSetting, {}),
  ).action(async (options: CommonOptions & { preset: string; steps?: number; set: Settings }) => {
    const preset = findPreset(options.preset);
    await withStudio(options, { version, create: true }, async (studio) => {
      const estimate = await studio.estimates.of(preset.id, options.set);
      printResult(options, estimate, estimateText(estimate, options.steps ?? preset.defaultSteps));
    });
  });
}

/** The pictures a fork is to learn from, where others are named than the run's. */
function dataOf(studio: Studio, run: Run, { dataset, datasetVersion }: ForkOptions) {
  if (dataset === undefined && datasetVersion === undefined) return {};
  const found =
    dataset === undefined
      ? studio.datasets.get(run.datasetId)
      : findByIdOrName(studio.datasets.list(), dataset, 'dataset');
  const fitting = found.versions.findLast(
    ({ sizePx, channels }) => sizePx === run.sizePx && channels === run.channels,
  );
  const version = datasetVersion ?? fitting?.version;
  if (version === undefined) {
    throw new StudioError(
      'dataset-does-not-fit',
      `“${found.name}” has no version of ${run.sizePx}×${run.sizePx} pictures in the colours of “${run.name}”. Make one in that form first.`,
      { preset: run.presetId, needed: `${run.sizePx}×${run.sizePx}`, found: 'no version of that form' },
    );
  }
  return { dataset: { id: found.id, version } };
}
