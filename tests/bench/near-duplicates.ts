import { randomBytes } from 'node:crypto';
import { connectedSets, groupAroundBest } from '../../src-main/imaging/pure/near-duplicates.ts';
import { randomFrom } from '../helpers/drawn-pictures.ts';
import type { DatasetFigure } from './dataset-figure.ts';
import { inSeconds } from './dataset-figure.ts';

/** Half of the hashes are random, half lie a few bits from one of those. */
export function benchNearDuplicates(): DatasetFigure[] {
  const count = 200_000;
  const distance = 6;
  const words = new Uint32Array(new Uint8Array(randomBytes(count * 8)).buffer);
  const random = randomFrom(1);
  for (let place = count / 2; place < count; place += 1) {
    const near = Math.floor((random() * count) / 2);
    words.set(words.subarray(near * 2, near * 2 + 2), place * 2);
    const flips = Math.floor(random() * 12);
    for (let flip = 0; flip < flips; flip += 1)
      words[place * 2 + (flip & 1)]! ^= 1 << Math.floor(random() * 32);
  }
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  const finish = <Result>(
    work: Generator<number, Result>,
  ): { ms: number; value: Result; longestMs: number; cpuMs: number } => {
    const beganAt = performance.now();
    const cpuBefore = process.cpuUsage();
    let last = beganAt;
    let longestMs = 0;
    for (;;) {
      const step = work.next();
      const now = performance.now();
      longestMs = Math.max(longestMs, now - last);
      last = now;
      if (step.done === true) {
        const { user, system } = process.cpuUsage(cpuBefore);
        return { ms: now - beganAt, value: step.value, longestMs, cpuMs: (user + system) / 1000 };
      }
    }
  };
  const groups = finish(groupAroundBest(words, order, distance));
  const sets = finish(connectedSets(words, distance));
  const memory = process.memoryUsage().rss;
  return [
    {
      what: `groups around the best of ${count} hashes within ${distance} bits (${groups.value.length} groups)`,
      found: `${inSeconds(groups.ms)}, ${inSeconds(groups.cpuMs)} of it on the processor`,
      aim: '≤ 10 s',
    },
    {
      what: 'sets that a split must not part, of the same',
      found: `${inSeconds(sets.ms)}, ${inSeconds(sets.cpuMs)} of it on the processor`,
      aim: '≤ 10 s',
    },
    {
      what: 'the longest piece of that work',
      found: `${Math.max(groups.longestMs, sets.longestMs).toFixed(0)} ms`,
      aim: '≤ 50 ms',
    },
    { what: 'memory of the process', found: `${(memory / 1e6).toFixed(0)} MB`, aim: '≤ 1000 MB' },
  ];
}
