/**
 * One net in training, as a process that the bench asks for steps: it answers a line `N` on its standard
 * input with the milliseconds that N steps took. The steps are those of the studio's own training loop,
 * with its batches, ticks, log, samples and checkpoints; between two requests the loop is paused. A net
 * named with `:bare` takes the same steps with nothing around them.
 *
 * Arguments: net, threads, the batch size, and the backend (wasm).
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-core';
import { backendIdSchema } from '../../src-main/contract/domain/backends.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { createOrderQueue } from '../../src-main/engine/orders.ts';
import { words } from '../../src-main/engine/random.ts';
import { train } from '../../src-main/engine/training.ts';
import { findNet, setUp } from './nets.ts';

const [netName = '', threads, batchSize, backendName = 'wasm'] = process.argv.slice(2);
const backendId = backendIdSchema.parse(backendName);
const bare = netName.endsWith(':bare');
const net = findNet(bare ? netName.slice(0, -':bare'.length) : netName);
const { family, config } = setUp(net, { batchSize: Number(batchSize), horizontalFlip: false });
const backend = await openBackend(backendId, { threads: Number(threads) });

const folder = mkdtempSync(path.join(tmpdir(), 'imago-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const images = 1024;
mkdirSync(path.join(folder, 'run'));
const noise = words(1, 'bench-pictures', 0, images * config.sizePx ** 2 * config.channels);
writeFileSync(
  path.join(folder, 'images.u8'),
  Uint8Array.from(noise, (word) => word >>> 24),
);

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const requests = createInterface({ input: process.stdin }).on('close', () => process.exit(0));

let startedAtMs = 0;
let processorBefore = process.cpuUsage();

function startClocks(): void {
  startedAtMs = performance.now();
  processorBefore = process.cpuUsage();
}

/** What the process took since the clocks were started, and holds now. */
function answer() {
  const { tensors, bytes } = backend.memory();
  const { user, system } = process.cpuUsage(processorBefore);
  const took = { ms: performance.now() - startedAtMs, processorMs: (user + system) / 1000 };
  return { ...took, rssBytes: process.memoryUsage.rss(), tensors, tensorBytes: bytes };
}

function runBare(): void {
  const model = family.build(config);
  const shape: [number, number, number, number] = [
    Number(batchSize),
    config.sizePx,
    config.sizePx,
    config.channels,
  ];
  const pictures = tf.tensor4d(
    Float32Array.from(noise.subarray(0, tf.util.sizeFromShape(shape)), (word) => (word >>> 24) / 127.5 - 1),
    shape,
  );
  let step = 0;
  requests.on('line', (line) => {
    startClocks();
    for (const end = step + Number(line); step < end; step++) model.trainStep(pictures, step);
    say(answer());
  });
  say({ device: backend.device });
}

async function runInLoop(): Promise<void> {
  const orders = createOrderQueue();
  let lastStep = 0;
  orders.push({ order: 'pause' });
  requests.on('line', (line) => {
    lastStep += Number(line);
    startClocks();
    orders.push({ order: 'resume' });
  });
  await train({
    job: {
      job: 'train',
      protocol: engineProtocol,
      backend: { id: backendId, threads: Number(threads) },
      config,
      runFolder: path.join(folder, 'run'),
      versionFolder: folder,
      images,
      stop: { kind: 'steps', steps: Number.MAX_SAFE_INTEGER },
      resumeFrom: null,
    },
    family,
    backend,
    orders,
    report: (report) => {
      if (report.report !== 'paused') return;
      say(report.step === 0 ? { device: backend.device } : answer());
    },
    atStep: (step) => {
      // This step is still taken, then the loop pauses.
      if (step === lastStep - 1) orders.push({ order: 'pause' });
    },
  });
}

if (bare) runBare();
else await runInLoop();
