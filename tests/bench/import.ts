/** What it costs to take pictures in, beside a plain loop in Python, in one run. */
import { execFileSync, fork } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SQLite from 'better-sqlite3';
import { z } from 'zod';
import { openDatasetStation } from '../fixtures/dataset-station.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import type { DatasetFigure } from './dataset-figure.ts';

const messageSchema = z.object({
  rows: z.array(z.tuple([z.string(), z.string(), z.number(), z.number(), z.string().nullable()])).default([]),
  isLast: z.boolean().default(false),
  processorMs: z.number().default(0),
});
const peerSchema = z.tuple([z.coerce.number(), z.coerce.number()]);
const processes = 2;
const rounds = 5;

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Python with Pillow and NumPy; null with a notice where there is none. */
function findPillow(): string | null {
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      execFileSync(python, ['-c', 'import PIL, numpy'], { stdio: 'ignore' });
      return python;
    } catch {
      // The next one may have it.
    }
  }
  console.log('Pillow is not installed here: ours alone is timed.');
  return null;
}

interface Rates {
  /** Pictures a second by the clock, with whatever else the machine did. */
  perSecond: number;
  /** Pictures for each second of processor time, that of all processes added up. */
  perProcessorSecond: number;
}

/** The steps of the Python loop on two cores, their processes started beforehand. */
async function sameSteps(paths: readonly string[]): Promise<Rates> {
  const children = Array.from({ length: processes }, () =>
    fork(pathOf('import-child.ts'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
  const store = new SQLite(':memory:');
  store.exec('CREATE TABLE picture (name TEXT, sha256 TEXT, width INTEGER, height INTEGER, hash TEXT)');
  const insert = store.prepare('INSERT INTO picture VALUES (?, ?, ?, ?, ?)');
  const addRows = store.transaction((rows: z.infer<typeof messageSchema>['rows']) => {
    for (const row of rows) insert.run(...row);
  });
  const before = process.cpuUsage();
  let childrenMs = 0;
  const began = performance.now();
  await Promise.all(
    children.map(
      (child, at) =>
        new Promise<void>((resolve, reject) => {
          child.on('message', (message) => {
            const { rows, isLast, processorMs } = messageSchema.parse(message);
            addRows(rows);
            childrenMs += processorMs;
            if (isLast) resolve();
          });
          child.once('error', reject);
          child.send(paths.filter((_path, index) => index % processes === at));
        }),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  for (const child of children) child.kill();
  store.close();
  const processorSeconds = (childrenMs + (user + system) / 1000) / 1000;
  return { perSecond: paths.length / seconds, perProcessorSecond: paths.length / processorSeconds };
}

/** The most that a process and its children held, in bytes, as the kernel counts it; 0 where it does not say. */
function heldBytes(): number {
  const rss = (pid: string): number => {
    try {
      const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      return pages * 4096 + children.split(' ').reduce((sum, child) => sum + (child ? rss(child) : 0), 0);
    } catch {
      return 0;
    }
  };
  return rss(String(process.pid));
}

/** The whole import: with its originals on the disk, durable, and its rows in the store. */
async function wholeImport(
  folder: string,
): Promise<{ perSecond: number; peakBytes: number; cancelMs: number }> {
  const station = await openDatasetStation();
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, heldBytes());
  }, 100);
  try {
    const source = { kind: 'path', path: folder } as const;
    const began = performance.now();
    const { finished } = await station.datasets.import(station.projectId, 'Whole', source);
    const { pictures } = await finished;
    const perSecond = (pictures * 1000) / (performance.now() - began);
    const again = await station.datasets.import(station.projectId, 'Cancelled', source);
    await station.untilProgress(again.job.id, Math.floor(pictures / 2));
    const asked = performance.now();
    station.jobs.cancel(again.job.id);
    await again.finished.catch(() => undefined);
    return { perSecond, peakBytes, cancelMs: performance.now() - asked };
  } finally {
    clearInterval(timer);
    await station.close();
  }
}

/** Ours and theirs by turns, so that a busy moment meets both. */
export async function benchImport(): Promise<DatasetFigure[]> {
  const folder = sharedData('noto-emoji-72');
  if (folder === null) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .map((name) => join(folder, name));
  const python = findPillow();
  const [ours, theirs]: [Rates[], Rates[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await sameSteps(paths));
    if (python === null) continue;
    const script = pathOf('peers/import_pillow.py');
    const printed = execFileSync(python, [script, folder], { encoding: 'utf8' });
    const [perSecond, perProcessorSecond] = peerSchema.parse(printed.trim().split(' '));
    theirs.push({ perSecond, perProcessorSecond });
  }
  const whole = await wholeImport(folder);
  const compared = (of: keyof Rates): string => {
    const [our, their] = [ours, theirs].map((rates) => rates.map((rate) => rate[of]));
    if (their!.length === 0) return `${Math.round(median(our!))} a second`;
    const ratio = median(our!.map((value, at) => value / their![at]!));
    return `${Math.round(median(our!))} a second; ${Math.round(median(their!))} a second; ${ratio.toFixed(2)} times`;
  };
  const megabytes = Math.round(whole.peakBytes / 1e6);
  return [
    {
      what: `Read, hash, decode, resize and note ${paths.length} emoji, two processes; Pillow, one`,
      found: compared('perSecond'),
      aim: 'at least as many',
    },
    {
      what: 'The same for each second of processor time, all processes added up',
      found: compared('perProcessorSecond'),
      aim: '–',
    },
    {
      what: 'Import of the same, with its originals stored durably',
      found: `${Math.round(whole.perSecond)} a second`,
      aim: '–',
    },
    { what: 'Held by the studio and its children meanwhile', found: `${megabytes} MB`, aim: '≤ 500 MB' },
    { what: 'Cancelled half-way', found: `${Math.round(whole.cancelMs)} ms`, aim: '≤ 1 s' },
  ];
}
