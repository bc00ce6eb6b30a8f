/** Milliseconds per training step, ours and PyTorch's in turns, and their ratio. */
import { loadavg } from 'node:os';
import { benchNets, type BenchNet } from './nets.ts';
import type { PeerSetting } from './peer-setting.ts';
import { startNet, startPeer, type TimedProcess } from './timed-process.ts';

export interface StepsOptions {
  /** Net ids; empty for all. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly threads: number;
  /** PyTorch at its best setting, or null to time ours alone. */
  readonly peer: PeerSetting | null;
  /** Each side of a round lasts about as long. */
  readonly roundMs: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface StepsResult {
  readonly id: string;
  readonly title: string;
  readonly device: string;
  readonly stepMs: Spread;
  readonly peerMs: Spread | null;
  /** Of the ratios of the rounds. */
  readonly ratio: Spread | null;
  /** The same of the time on the processor, which a busy machine disturbs less. */
  readonly processorRatio: Spread | null;
  readonly target: number;
  readonly stretch: number;
  readonly rounds: number;
  /** Load average of the last minute when the net was done. */
  readonly load: number;
  readonly rssBytes: number;
}

const batchSize = 64;

export function spreadOf(values: readonly number[]): Spread {
  const ordered = [...values].sort((a, b) => a - b);
  const middle = ordered.length >> 1;
  const median = ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2;
  return { median, min: ordered[0]!, max: ordered[ordered.length - 1]! };
}

/** Times every chosen net. `told` hears a line for each round. */
export async function benchSteps(
  options: StepsOptions,
  told: (line: string) => void,
): Promise<StepsResult[]> {
  const results: StepsResult[] = [];
  for (const net of benchNets) {
    if (options.only.length === 0 || options.only.includes(net.id)) {
      results.push(await benchNet(net, options, told));
    }
  }
  return results;
}

async function benchNet(
  net: BenchNet,
  options: StepsOptions,
  told: (line: string) => void,
): Promise<StepsResult> {
  const ours = await startNet(net.id, options.threads, batchSize);
  const peer = options.peer ? await startPeer(options.peer, net.peer, options.threads) : null;
  const oursPerRound = await stepsPerRound(ours, options.roundMs);
  const peersPerRound = peer ? await stepsPerRound(peer, options.roundMs) : 0;
  const stepMs: number[] = [];
  const peerMs: number[] = [];
  const ratios: number[] = [];
  const processorRatios: number[] = [];
  let rssBytes = 0;
  for (let round = 0; round < options.rounds; round++) {
    const answer = await ours.steps(oursPerRound);
    rssBytes = Math.max(rssBytes, answer.rssBytes ?? 0);
    const own = answer.ms / oursPerRound;
    stepMs.push(own);
    if (peer) {
      const theirs = await peer.steps(peersPerRound);
      const other = theirs.ms / peersPerRound;
      peerMs.push(other);
      ratios.push(own / other);
      const share = answer.processorMs / oursPerRound / (theirs.processorMs / peersPerRound);
      processorRatios.push(share);
      told(`${net.id}: ${own.toFixed(2)} ms, PyTorch ${other.toFixed(2)} ms`);
    } else {
      told(`${net.id}: ${own.toFixed(2)} ms`);
    }
  }
  ours.end();
  peer?.end();
  return {
    id: net.id,
    title: net.title,
    device: ours.device,
    stepMs: spreadOf(stepMs),
    peerMs: peer ? spreadOf(peerMs) : null,
    ratio: peer ? spreadOf(ratios) : null,
    processorRatio: peer ? spreadOf(processorRatios) : null,
    target: net.target,
    stretch: net.stretch,
    rounds: options.rounds,
    load: loadavg()[0]!,
    rssBytes,
  };
}

/** Rounds before the first that counts; by then an engine has compiled what is hot, as in all but a run's first seconds. */
const warmUpRounds = 8;

/** Warms a net up and says how many of its steps fill a round. */
async function stepsPerRound(timed: TimedProcess, roundMs: number): Promise<number> {
  await timed.steps(3);
  const { ms } = await timed.steps(3);
  const count = Math.max(1, Math.round(roundMs / (ms / 3)));
  for (let warmMs = 0; warmMs < warmUpRounds * roundMs;) warmMs += (await timed.steps(count)).ms;
  return count;
}

/** The results as a table in Markdown; `marked` shows what misses its target. */
export function stepsTable(
  results: readonly StepsResult[],
  marked: (text: string) => string = (text) => text,
): string {
  const span = ({ median, min, max }: Spread, digits: number) =>
    `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  const rows = results.map(({ title, stepMs, peerMs, ratio, processorRatio, target, stretch, load }) => {
    const verdict = !ratio
      ? 'not compared'
      : ratio.median <= stretch
        ? 'stretch reached'
        : ratio.median <= target
          ? 'reached'
          : marked('missed');
    const cells = [
      title,
      span(stepMs, 1),
      peerMs ? span(peerMs, 1) : '–',
      ratio ? span(ratio, 2) : '–',
      processorRatio ? span(processorRatio, 2) : '–',
      `${target} / ${stretch}`,
      verdict,
      load.toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| net | step, ms | PyTorch, ms | ratio | on the processor | target / stretch | | load |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
