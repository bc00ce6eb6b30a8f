/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011), the same as `engine/random.ts` gives, bit for
 * bit. So every step below is arithmetic whose result IEEE 754 prescribes, in the order of that file.
 */
import { doubles, Doubles } from './numbers';
import { rangeStart, storeLanes } from './vector';

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

/** sum z + next, rounded after each of the two: a fused multiply-add would give other bits. */
@inline
function horner(sum: v128, z: v128, next: v128): v128 {
  return f64x2.add(f64x2.mul(sum, z), next);
}

/** The natural logarithms of (word + 1/2) / 2^32 of two words. */
@inline
function logarithmsOf(first: u32, second: u32): v128 {
  const firstExponent = 31 - <i32>clz<u32>(first);
  const secondExponent = 31 - <i32>clz<u32>(second);
  const scales = i64x2(<i64>(1023 - firstExponent) << 52, <i64>(1023 - secondExponent) << 52);
  const half = doubles(Doubles.Half);
  const one = doubles(Doubles.One);
  const words = f64x2.convert_low_i32x4_u(i32x4(first, second, 0, 0));
  let m = f64x2.mul(f64x2.add(words, half), scales);
  const isLarge = f64x2.gt(m, doubles(Doubles.RootTwo));
  m = v128.bitselect(f64x2.mul(m, half), m, isLarge);
  const exponents = f64x2.add(
    f64x2.convert_low_i32x4_s(i32x4(firstExponent - 32, secondExponent - 32, 0, 0)),
    v128.and(isLarge, one),
  );
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  let sum = doubles(Doubles.Fifteenth);
  sum = horner(sum, z, doubles(Doubles.Thirteenth));
  sum = horner(sum, z, doubles(Doubles.Eleventh));
  sum = horner(sum, z, doubles(Doubles.Ninth));
  sum = horner(sum, z, doubles(Doubles.Seventh));
  sum = horner(sum, z, doubles(Doubles.Fifth));
  sum = horner(sum, z, doubles(Doubles.Third));
  const rest = f64x2.add(s, f64x2.mul(s, f64x2.mul(z, sum)));
  return f64x2.add(f64x2.mul(exponents, doubles(Doubles.LogTwo)), f64x2.add(rest, rest));
}

/** Four normals of the four words, two and two (Box and Muller 1958). */
@inline
function normals(): v128 {
  const logarithms = logarithmsOf(word0, word2);
  const radius = f64x2.sqrt(f64x2.mul(doubles(Doubles.MinusTwo), logarithms));
  const angles = i32x4(word1, word3, 0, 0);
  const fraction = v128.and(angles, i32x4.splat(0x3fffffff));
  const centred = f64x2.convert_low_i32x4_s(i32x4.sub(fraction, i32x4.splat(0x20000000)));
  const x = f64x2.mul(centred, doubles(Doubles.QuarterTurn));
  const z = f64x2.mul(x, x);
  let sine = doubles(Doubles.Sine5);
  sine = horner(sine, z, doubles(Doubles.Sine4));
  sine = horner(sine, z, doubles(Doubles.Sine3));
  sine = horner(sine, z, doubles(Doubles.Sine2));
  sine = horner(sine, z, doubles(Doubles.Sine1));
  sine = f64x2.add(x, f64x2.mul(x, f64x2.mul(z, sine)));
  let cosine = doubles(Doubles.Cosine6);
  cosine = horner(cosine, z, doubles(Doubles.Cosine5));
  cosine = horner(cosine, z, doubles(Doubles.Cosine4));
  cosine = horner(cosine, z, doubles(Doubles.Cosine3));
  cosine = horner(cosine, z, doubles(Doubles.Cosine2));
  cosine = horner(cosine, z, doubles(Doubles.Cosine1));
  cosine = f64x2.add(doubles(Doubles.One), f64x2.mul(z, cosine));
  const rootHalf = doubles(Doubles.RootHalf);
  const across = f64x2.mul(f64x2.sub(cosine, sine), rootHalf);
  const along = f64x2.mul(f64x2.add(sine, cosine), rootHalf);
  // The upper two bits of an angle are its quarter turn: odd ones swap, the upper two are turned by half.
  const twice = v128.shuffle<i32>(angles, angles, 0, 0, 1, 1);
  const isOdd = i32x4.shr_s(i32x4.shl(twice, 1), 31);
  const sign = v128.and(twice, i64x2.splat(0x8000000000000000));
  const a = v128.xor(v128.bitselect(f64x2.neg(along), across, isOdd), sign);
  const b = v128.xor(v128.bitselect(across, along, isOdd), sign);
  const first = f32x4.demote_f64x2_zero(f64x2.mul(radius, a));
  const second = f32x4.demote_f64x2_zero(f64x2.mul(radius, b));
  return v128.shuffle<i32>(first, second, 0, 4, 1, 5);
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
      storeLanes(target, normals(), min(4, left));
    } else {
      f32.store(target, <f32>(word0 >>> 8) * 5.9604644775390625e-8);
      if (left > 1) f32.store(target, <f32>(word1 >>> 8) * 5.9604644775390625e-8, 4);
      if (left > 2) f32.store(target, <f32>(word2 >>> 8) * 5.9604644775390625e-8, 8);
      if (left > 3) f32.store(target, <f32>(word3 >>> 8) * 5.9604644775390625e-8, 12);
    }
  }
}
