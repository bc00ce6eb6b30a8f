import { InvalidArgumentError, type Command } from 'commander';
import type { Job } from '../contract/domain/jobs.ts';
import { StudioError } from '../contract/errors.ts';
import type { Settings } from '../contract/hyper-parameters.ts';
import { openStudio, type Studio } from '../studio/studio.ts';
import { defaultWorkspace } from '../workspace/default-workspace.ts';
import { buildIfStale } from './build.ts';

/** Options that every command takes. */
export interface CommonOptions {
  workspace: string;
  json?: boolean;
}

export const withCommonOptions = (command: Command): Command =>
  command
    .option('--workspace <dir>', 'the workspace folder', defaultWorkspace())
    .option('--json', 'print one JSON object as the last line; progress goes to stderr');

/** Progress for people: on stderr, so that stdout holds results alone. */
export const say = (line: string): void => console.error(line);

/** The result of a command: one JSON object on one line, or a sentence. */
export function printResult(options: CommonOptions, result: object, sentence: string): void {
  console.log(options.json ? JSON.stringify(result) : sentence);
}

/**
 * Opens the workspace, does the work, and closes it whatever happens. Ctrl-C aborts `signal`; a second one
 * ends the process at once.
 */
export async function withStudio<Result>(
  options: CommonOptions,
  setup: { version: string; create: boolean },
  work: (studio: Studio, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  await buildIfStale(['kernels']);
  const studio = await openStudio({
    workspace: options.workspace,
    create: setup.create,
    version: setup.version,
    queue: 'own',
    host: {
      abilities: { face: 'command-line', nativeDialogs: false, showInFolder: false, upload: false },
    },
  });
  const abort = new AbortController();
  const onSignal = () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort(new StudioError('cancelled', 'Cancelled.'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    for (const notice of studio.info().notices) say(notice);
    return await work(studio, abort.signal);
  } finally {
    await studio.close();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Waits for a job, telling its progress every second; an aborted `signal` cancels it. */
export async function follow<Value>(
  studio: Studio,
  { job, finished }: { job: Job; finished: Promise<Value> },
  verb: string,
  signal: AbortSignal,
): Promise<Value> {
  const cancel = () => studio.jobs.cancel(job.id);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const timer = setInterval(() => {
    const now = studio.jobs.list().find(({ id }) => id === job.id);
    if (now) {
      const total = now.total === null ? '' : ` of ${now.total}`;
      say(`${verb}: ${now.done}${total} (${now.perSecond.toFixed(0)} a second)`);
    }
  }, 1000);
  try {
    return await finished;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', cancel);
  }
}

/** Parses a whole number option. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    }
    return number;
  };

/** Parses a number greater than zero. */
export function positiveNumber(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('It takes a number above 0.');
  return number;
}

/** The one item whose id or name is `text`. */
export function findByIdOrName<Item extends { id: string; name: string }>(
  items: readonly Item[],
  text: string,
  kind: string,
): Item {
  const byId = items.find(({ id }) => id === text);
  if (byId) return byId;
  const named = items.filter(({ name }) => name === text);
  if (named.length === 1) return named[0];
  if (named.length > 1) {
    const ids = named.map(({ id }) => id).join(', ');
    throw new StudioError(
      'input-invalid',
      `Several ${kind}s are called “${text}”: ${ids}. Name one by its id.`,
      {
        kind,
        name: text,
      },
    );
  }
  const known = items.map(({ id, name }) => `${id} (${name})`).join(', ') || 'none yet';
  throw new StudioError(
    'not-found',
    `There is no ${kind} “${text}” in this workspace. There are: ${known}.`,
    {
      kind,
      id: text,
    },
  );
}

/** `key=value` added to what was given before. */
export function collectSetting(text: string, settings: Settings): Settings {
  const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('It takes key=value, such as batchSize=32.');
  }
  return { ...settings, [key]: value };
}
