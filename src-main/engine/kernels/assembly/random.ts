/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011), the same as `engine/random.ts` gives, bit for
 * bit. So every step below is arithmetic whose result IEEE 754 prescribes, in the order of that file.
 */
import { rangeStart } from './vector';

@unmanaged
export class RandomJob {
  length: i32;
  output: u32;
  /** The key and, but for the number of the block, the counter. */
  seed: u32;
  streamKey: u32;
  stepLow: u32;
  stepHigh: u32;
  streamCounter: u32;
  /** Whether the numbers are normally distributed; otherwise uniform in [0, 1). */
  normal: i32;
}

const LN2: f64 = 0.6931471805599453;
const ROOT_HALF: f64 = 0.7071067811865476;

/** The words of the block at hand; each thread has an instance, and so globals, of its own. */
let word0: u32 = 0;
let word1: u32 = 0;
let word2: u32 = 0;
let word3: u32 = 0;

function philox(block: u32, job: RandomJob): void {
  let c0 = block;
  let c1 = job.stepLow;
  let c2 = job.stepHigh;
  let c3 = job.streamCounter;
  let k0 = job.seed;
  let k1 = job.streamKey;
  for (let round = 0; round < 10; round++) {
    const first = <u64>c0 * 0xd2511f53;
    const second = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(second >> 32) ^ c1 ^ k0;
    c2 = <u32>(first >> 32) ^ c3 ^ k1;
    c1 = <u32>second;
    c3 = <u32>first;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  word0 = c0;
  word1 = c1;
  word2 = c2;
  word3 = c3;
}

/** The natural logarithm of (word + 1/2) / 2^32. */
@inline
function logarithmOf(word: u32): f64 {
  let exponent = 31 - <i32>clz<u32>(word);
  let m = (<f64>word + 0.5) * reinterpret<f64>(<i64>(1023 - exponent) << 52);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum = 1.0 / 15.0;
  sum = sum * z + 1.0 / 13.0;
  sum = sum * z + 1.0 / 11.0;
  sum = sum * z + 1.0 / 9.0;
  sum = sum * z + 1.0 / 7.0;
  sum = sum * z + 1.0 / 5.0;
  sum = sum * z + 1.0 / 3.0;
  return <f64>(exponent - 32) * LN2 + 2 * (s + s * (z * sum));
}

/** Two normals of two words (Box and Muller 1958), the second stored only where there is room. */
@inline
function storePair(target: usize, both: bool, lengthWord: u32, angleWord: u32): void {
  const radius = sqrt<f64>(-2 * logarithmOf(lengthWord));
  const x = <f64>(<i32>(angleWord & 0x3fffffff) - 0x20000000) * 1.4629180792671596e-9;
  const z = x * x;
  let sine = -2.505210838544172e-8;
  sine = sine * z + 2.7557319223985893e-6;
  sine = sine * z - 1.984126984126984e-4;
  sine = sine * z + 8.333333333333333e-3;
  sine = sine * z - 0.16666666666666666;
  sine = x + x * (z * sine);
  let cosine = 2.08767569878681e-9;
  cosine = cosine * z - 2.755731922398589e-7;
  cosine = cosine * z + 2.48015873015873e-5;
  cosine = cosine * z - 1.388888888888889e-3;
  cosine = cosine * z + 0.041666666666666664;
  cosine = cosine * z - 0.5;
  cosine = 1 + z * cosine;
  let a = (cosine - sine) * ROOT_HALF;
  let b = (sine + cosine) * ROOT_HALF;
  const quarter = angleWord >>> 30;
  if (quarter == 1 || quarter == 3) {
    const swapped = a;
    a = -b;
    b = swapped;
  }
  if (quarter >= 2) {
    a = -a;
    b = -b;
  }
  f32.store(target, <f32>(radius * a));
  if (both) f32.store(target, <f32>(radius * b), 4);
}

/** Threads share whole blocks of four numbers. */
export function random(job: RandomJob, index: i32, count: i32): void {
  const length = job.length;
  const end = rangeStart(length, 4, index + 1, count);
  for (let i = rangeStart(length, 4, index, count); i < end; i += 4) {
    philox(<u32>i >>> 2, job);
    const target = <usize>job.output + (<usize>i << 2);
    const left = length - i;
    if (job.normal) {
      storePair(target, left > 1, word0, word1);
      if (left > 2) storePair(target + 8, left > 3, word2, word3);
    } else {
      f32.store(target, <f32>(word0 >>> 8) * 5.9604644775390625e-8);
      if (left > 1) f32.store(target, <f32>(word1 >>> 8) * 5.9604644775390625e-8, 4);
      if (left > 2) f32.store(target, <f32>(word2 >>> 8) * 5.9604644775390625e-8, 8);
      if (left > 3) f32.store(target, <f32>(word3 >>> 8) * 5.9604644775390625e-8, 12);
    }
  }
}
