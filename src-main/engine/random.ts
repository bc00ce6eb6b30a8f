/*
 * Stateless randomness. Every number is a pure function of (seed, stream, step, index), so that a run goes
 * on exactly where it stopped and a picture does not depend on its neighbours in a batch.
 *
 * The generator is Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011.
 */

type Words4 = readonly [number, number, number, number];

/**
 * One block of Philox4x32-10: four unsigned 32-bit words for a counter of four and a key of two. Written
 * to `target` at `offset`.
 */
export function philoxBlock(
  counter: Words4,
  key: readonly [number, number],
  target: Uint32Array,
  offset = 0,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  target[offset] = c0;
  target[offset + 1] = c1;
  target[offset + 2] = c2;
  target[offset + 3] = c3;
}

/**
 * `count` unsigned 32-bit words of a stream.
 *
 * @param seed 0 … 2³²−1
 * @param stream what the numbers are for, such as `latent`; streams are independent of one another
 * @param step a whole number from 0 to 2⁵³−1
 */
export function words(seed: number, stream: string, step: number, count: number): Uint32Array {
  const blocks = Math.ceil(count / 4);
  const result = new Uint32Array(blocks * 4);
  const [streamKey, streamCounter] = hashStream(stream);
  const stepLow = step >>> 0;
  const stepHigh = Math.floor(step / 2 ** 32);
  for (let block = 0; block < blocks; block++) {
    philoxBlock([block, stepLow, stepHigh, streamCounter], [seed, streamKey], result, block * 4);
  }
  return result.subarray(0, count);
}

/** `count` numbers in [0, 1), uniform, each a multiple of 2⁻²⁴. Parameters as in {@link words}. */
export function uniforms(seed: number, stream: string, step: number, count: number): Float32Array {
  return Float32Array.from(words(seed, stream, step, count), (word) => (word >>> 8) * 2 ** -24);
}

/**
 * `count` numbers of the standard normal distribution (Box and Muller, 1958). Parameters as in
 * {@link words}. Made of arithmetic alone whose results IEEE 754 prescribes, and in the same order as
 * `kernels/assembly/random.ts`: so a run goes on with the same noise on every backend and runtime.
 */
export function normals(seed: number, stream: string, step: number, count: number): Float32Array {
  const source = words(seed, stream, step, count + (count % 2));
  const result = new Float32Array(source.length);
  for (let index = 0; index < source.length; index += 2) {
    const radius = Math.sqrt(-2 * logarithm(source[index]!));
    const angle = source[index + 1]!;
    // From the middle of the quarter turn: sine and cosine of at most an eighth of a turn.
    const x = ((angle & 0x3fffffff) - 0x20000000) * 1.4629180792671596e-9;
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
    const across = (cosine - sine) * Math.SQRT1_2;
    const along = (sine + cosine) * Math.SQRT1_2;
    const quarter = angle >>> 30;
    const sign = quarter >= 2 ? -1 : 1;
    const turned = quarter % 2 === 1;
    result[index] = radius * (sign * (turned ? -along : across));
    result[index + 1] = radius * (sign * (turned ? across : along));
  }
  return result.subarray(0, count);
}

/** What pictures start from, `[seeds, latentSize]`, one row behind the other: each is a function of its own seed alone. */
export function latentsOf(seeds: readonly number[], latentSize: number): Float32Array {
  const latents = new Float32Array(seeds.length * latentSize);
  seeds.forEach((seed, row) => latents.set(normals(seed, 'latent', 0, latentSize), row * latentSize));
  return latents;
}

const powersOfHalf = Float64Array.from({ length: 33 }, (_, exponent) => 2 ** -exponent);

/** The natural logarithm of (word + ½) · 2⁻³², which is never 0; relative error below 1e-11. */
function logarithm(word: number): number {
  let exponent = 31 - Math.clz32(word);
  let m = (word + 0.5) * (exponent < 0 ? 2 : powersOfHalf[exponent]!);
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent++;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum = 1 / 15;
  sum = sum * z + 1 / 13;
  sum = sum * z + 1 / 11;
  sum = sum * z + 1 / 9;
  sum = sum * z + 1 / 7;
  sum = sum * z + 1 / 5;
  sum = sum * z + 1 / 3;
  return (exponent - 32) * Math.LN2 + 2 * (s + s * (z * sum));
}

/**
 * `count` whole numbers in 0 … `below` − 1. Parameters as in {@link words}. The bias, at most `below`
 * in 2³², is left in: rejecting would make a number depend on those before it.
 */
export function integers(
  seed: number,
  stream: string,
  step: number,
  count: number,
  below: number,
): Uint32Array {
  return words(seed, stream, step, count).map((word) => Math.floor((word * below) / 2 ** 32));
}

/** The numbers 0 … `length` − 1 in an order that (seed, stream, step) alone decides (Fisher and Yates). */
export function permutation(seed: number, stream: string, step: number, length: number): Uint32Array {
  const source = words(seed, stream, step, length);
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const chosen = Math.floor((source[last]! * (last + 1)) / 2 ** 32);
    const kept = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = kept;
  }
  return order;
}

/** What of a stream enters the key and the counter of its blocks; see {@link words}. */
export function streamNumbers(stream: string): { streamKey: number; streamCounter: number } {
  const [streamKey, streamCounter] = hashStream(stream);
  return { streamKey, streamCounter };
}

function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carried >>> 16)) | 0;
}

/** Two independent 32-bit FNV-1a hashes of a stream's name. */
function hashStream(stream: string): [number, number] {
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (let index = 0; index < stream.length; index++) {
    first = Math.imul(first ^ stream.charCodeAt(index), 0x01000193);
    second = Math.imul(second ^ stream.charCodeAt(index), 0x85ebca6b);
  }
  return [first, second];
}
