/**
 * What a training step costs on this machine's graphics card: through WebGPU and through TensorFlow where it is
 * installed, beside PyTorch on the same card where that is installed with CUDA. It ends with a table in Markdown.
 *
 *   node tests/bench/gpu.ts
 *
 *   --only mlp-gan-28,dcgan-28    only these nets      --rounds 9        turns for each net
 *   --batch 64                    pictures a step      --round-ms 700    length of a turn
 *   --software                    also on graphics that the processor imitates; seconds a step
 *   --json FILE                   the figures as JSON too
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs, promisify } from 'node:util';
import { acceleratedIds, usefulThreads } from '../../src-main/studio/backend-choice.ts';
import type { BackendId, Device } from '../../src-main/contract/domain/backends.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { runEngineJob } from '../../src-main/studio/engine-process.ts';
import { benchNets, type BenchNet } from './nets.ts';
import { findPeer, type PeerSetting } from './peer-setting.ts';
import { spreadOf, type Spread } from './steps.ts';
import { startNet, startPeer, type TimedProcess } from './timed-process.ts';

interface GpuResult {
  readonly net: string;
  readonly title: string;
  readonly backend: BackendId | 'pytorch';
  readonly device: string;
  readonly stepMs: Spread;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    batch: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '9' },
    'round-ms': { type: 'string', default: '700' },
    software: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const roundMs = Number(values['round-ms']);
const batchSize = Number(values.batch);
const only = values.only === '' ? [] : values.only.split(',');
/** The first steps compile and tune; no one of them is timed. */
const warmUpSteps = 5;

/** The device of a backend after it passed the probe; null, and said why, where there is none. */
async function probedDevice(id: BackendId): Promise<Device | null> {
  let device: Device | null = null;
  try {
    await runEngineJob(
      { job: 'probe', protocol: engineProtocol, backend: { id, threads: 1 }, steps: 20 },
      (report) => {
        if (report.report === 'probe') device = report.device;
      },
      new AbortController().signal,
    );
  } catch (error) {
    console.log(`${id}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found = device as Device | null;
  if (found?.software && !values.software) {
    console.log(`${id}: ${found.name} is no graphics card; --software measures it all the same.`);
    return null;
  }
  return found;
}

/** A Python whose PyTorch has the card; null without. */
async function findCudaPeer(): Promise<PeerSetting | null> {
  const peer = await findPeer();
  if (!peer) return null;
  const check = 'import torch; assert torch.cuda.is_available()';
  return promisify(execFile)(peer.python, ['-c', check]).then(
    () => peer,
    () => null,
  );
}

interface Contender {
  readonly backend: GpuResult['backend'];
  readonly process: TimedProcess;
  readonly stepMs: number[];
  stepsPerRound: number;
}

async function start(
  net: BenchNet,
  backend: BackendId | 'pytorch',
  peer: PeerSetting | null,
): Promise<Contender> {
  const process =
    backend === 'pytorch'
      ? await startPeer(peer!, net.peer, usefulThreads(), 'cuda')
      : await startNet(net.id, usefulThreads(), batchSize, backend);
  await process.steps(warmUpSteps);
  const { ms } = await process.steps(1);
  return { backend, process, stepMs: [], stepsPerRound: Math.max(1, Math.round(roundMs / ms)) };
}

/** Every contender on one net, in turns, so that a busy moment is nobody's alone. */
async function benchNet(
  net: BenchNet,
  backends: readonly (BackendId | 'pytorch')[],
  peer: PeerSetting | null,
) {
  const contenders: Contender[] = [];
  for (const backend of backends) contenders.push(await start(net, backend, peer));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const { ms } = await contender.process.steps(contender.stepsPerRound);
      contender.stepMs.push(ms / contender.stepsPerRound);
    }
  }
  return contenders.map(({ backend, process, stepMs }): GpuResult => {
    process.end();
    return { net: net.id, title: net.title, backend, device: process.device, stepMs: spreadOf(stepMs) };
  });
}

function table(results: readonly GpuResult[]): string {
  const figure = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  const lines = ['| net | on | ms a step | ratio to PyTorch |', '|---|---|---|---|'];
  for (const { net, title, backend, device, stepMs } of results) {
    const peer = results.find((other) => other.net === net && other.backend === 'pytorch');
    const ratio = peer && backend !== 'pytorch' ? (stepMs.median / peer.stepMs.median).toFixed(2) : '–';
    const spread = `${figure(stepMs.median)} (${figure(stepMs.min)}–${figure(stepMs.max)})`;
    lines.push(`| ${title} | ${backend}: ${device} | ${spread} | ${ratio} |`);
  }
  return lines.join('\n');
}

await buildKernels();
const present: BackendId[] = [];
for (const id of acceleratedIds) if (await probedDevice(id)) present.push(id);
if (present.length === 0) {
  console.log('There is no graphics card here to measure.');
  process.exit(0);
}
const peer = batchSize === 64 ? await findCudaPeer() : null;
if (!peer) console.log('PyTorch with CUDA is not installed here: ours alone is timed.');
const results: GpuResult[] = [];
for (const net of benchNets) {
  if (only.length > 0 && !only.includes(net.id)) continue;
  results.push(...(await benchNet(net, [...present, 'wasm', ...(peer ? (['pytorch'] as const) : [])], peer)));
  console.log(`${net.title} is done.`);
}
const machine = `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`;
console.log(
  `\n${new Date().toISOString().slice(0, 10)} · ${machine} · batch ${batchSize}\n\n${table(results)}`,
);
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify({ machine, batchSize, results }, null, 2));
}
