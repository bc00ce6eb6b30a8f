/** What else a user notices: start, memory, growth with the work, and what the studio adds to a step. */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineProtocol, type EngineJob } from '../../src-main/contract/engine-messages.ts';
import { engineReportSchema } from '../../src-main/contract/engine-reports.ts';
import { words } from '../../src-main/engine/random.ts';
import { engineFlags } from '../../src-main/studio/engine-process.ts';
import { findNet, setUp } from './nets.ts';
import { spreadOf } from './steps.ts';
import { startNet, type Answer } from './timed-process.ts';

export interface Figure {
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  /** What it may be at most; null where it is only told. */
  readonly target: number | null;
  /** What it was read from. */
  readonly note?: string;
}

export interface HealthOptions {
  readonly threads: number;
  readonly rounds: number;
  /** Steps over which tensors and memory must stay flat. */
  readonly flatSteps: number;
}

const warmUpTenths = 2;

const engineFile = fileURLToPath(new URL('../../src-main/engine/main.ts', import.meta.url));

/** Runs one engine process with a job; resolves to the reports and when each came, in ms after the fork. */
async function runEngine(job: (folder: string) => EngineJob): Promise<{ report: string; atMs: number }[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'imago-bench-'));
  mkdirSync(path.join(folder, 'run'));
  writeFileSync(
    path.join(folder, 'images.u8'),
    Uint8Array.from(words(1, 'bench-pictures', 0, 256 * 28 * 28), (word) => word >>> 24),
  );
  const startedAt = performance.now();
  const reports: { report: string; atMs: number }[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const child = fork(engineFile, { serialization: 'advanced', execArgv: [...engineFlags] });
      child.on('message', (message) => {
        const parsed = engineReportSchema.parse(message);
        if (parsed.report === 'failed') reject(new Error(parsed.failure.message));
        reports.push({ report: parsed.report, atMs: performance.now() - startedAt });
      });
      child.on('error', reject);
      child.on('close', () => resolve());
      child.send(job(folder));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return reports;
}

/** From the fork of an engine process to the end of the first DCGAN 28 step, the sample before it included. */
async function startToFirstStep(threads: number, rounds: number): Promise<Figure> {
  const { config } = setUp(findNet('dcgan-28'));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const reports = await runEngine((folder) => ({
      job: 'train',
      protocol: engineProtocol,
      backend: { id: 'wasm', threads },
      config,
      runFolder: path.join(folder, 'run'),
      versionFolder: folder,
      images: 256,
      stop: { kind: 'steps', steps: 1 },
      resumeFrom: null,
    }));
    times.push(reports.find(({ report }) => report === 'tick')!.atMs / 1000);
  }
  return {
    title: 'engine start to first step, DCGAN 28',
    value: spreadOf(times).median,
    unit: 's',
    target: 1.5,
  };
}

/** Tensors and memory over many steps of the MLP GAN, and the memory of a DCGAN 28. */
async function memory({ threads, flatSteps }: HealthOptions): Promise<Figure[]> {
  const dcgan = await startNet('dcgan-28', threads, 64);
  const { rssBytes = 0 } = await dcgan.steps(40);
  dcgan.end();
  const mlp = await startNet('mlp-gan-28', threads, 64);
  const tenth = Math.max(1, Math.round(flatSteps / 10));
  const readings: Answer[] = [];
  // The first two tenths are on top: meanwhile what is hot is compiled, and the collector finds its pace.
  for (let reading = 0; reading < warmUpTenths + 10; reading++) readings.push(await mlp.steps(tenth));
  mlp.end();
  const [first, last] = [readings[warmUpTenths - 1]!, readings.at(-1)!];
  const megabytes = readings.map((reading) => (reading.rssBytes ?? 0) / 1e6);
  const grown = ((last.rssBytes ?? 0) - (first.rssBytes ?? 0)) / 1e6;
  return [
    { title: 'resident memory, DCGAN 28', value: rssBytes / 1e6, unit: 'MB', target: 400 },
    {
      title: `tensors more after ${flatSteps} steps, MLP GAN`,
      value: (last.tensors ?? 0) - (first.tensors ?? 0),
      unit: '',
      target: 0,
    },
    {
      title: `resident memory more after ${flatSteps} steps, MLP GAN`,
      value: grown,
      unit: 'MB',
      target: 20,
      note: `every ${tenth} steps, ${warmUpTenths} to warm up: ${megabytes.map((value) => value.toFixed(0)).join(', ')} MB`,
    },
  ];
}

/** What the studio's loop adds to the bare steps of a DCGAN 28, measured in turns. */
async function overhead({ threads, rounds }: HealthOptions): Promise<Figure> {
  const loop = await startNet('dcgan-28', threads, 64);
  const bare = await startNet('dcgan-28:bare', threads, 64);
  const count = 12;
  const shares: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const withLoop = (await loop.steps(count)).ms;
    const without = (await bare.steps(count)).ms;
    if (round >= 0) shares.push((withLoop / without - 1) * 100);
  }
  loop.end();
  bare.end();
  return { title: 'studio over bare steps, DCGAN 28', value: spreadOf(shares).median, unit: '%', target: 5 };
}

/** Milliseconds per step by batch and by pixels; ideally both columns stay the same. */
export async function scalingTable(threads: number, rounds: number): Promise<string> {
  const rows: string[] = [];
  const time = async (net: string, batch: number, pixels: number) => {
    const timed = await startNet(net, threads, batch);
    await timed.steps(3);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push((await timed.steps(4)).ms / 4);
    timed.end();
    const { median } = spreadOf(times);
    const perMegapixel = median / ((batch * pixels) / 1e6);
    rows.push(`| ${net} | ${batch} | ${pixels} | ${median.toFixed(1)} | ${perMegapixel.toFixed(0)} |`);
  };
  for (const batch of [16, 32, 64, 128]) await time('dcgan-28', batch, 28 * 28);
  await time('dcgan-32:scaling', 64, 32 * 32);
  await time('dcgan-64:scaling', 64, 64 * 64);
  return ['| net | batch | pixels | step, ms | ms per megapixel |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

/** Start, memory, flatness and overhead. */
export async function benchHealth(options: HealthOptions): Promise<Figure[]> {
  const start = await startToFirstStep(options.threads, options.rounds);
  return [start, ...(await memory(options)), await overhead(options)];
}

export function healthTable(
  figures: readonly Figure[],
  marked: (text: string) => string = (text) => text,
): string {
  const rows = figures.map(({ title, value, unit, target, note }) => {
    const verdict = target === null ? '' : value <= target ? 'reached' : marked('missed');
    const told = note === undefined ? title : `${title} (${note})`;
    return `| ${told} | ${value.toFixed(1)} ${unit} | ${target === null ? '–' : `≤ ${target} ${unit}`} | ${verdict} |`;
  });
  return ['| | | at most | |', '|---|---|---|---|', ...rows].join('\n');
}
