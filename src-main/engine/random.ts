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
 * {@link words}.
 */
export function normals(seed: number, stream: string, step: number, count: number): Float32Array {
  const source = words(seed, stream, step, count + (count % 2));
  const result = new Float32Array(source.length);
  for (let index = 0; index < source.length; index += 2) {
    // Half a unit up: the logarithm of 0 must not occur.
    const radius = Math.sqrt(-2 * Math.log((source[index]! + 0.5) * 2 ** -32));
    const angle = 2 * Math.PI * source[index + 1]! * 2 ** -32;
    result[index] = radius * Math.cos(angle);
    result[index + 1] = radius * Math.sin(angle);
  }
  return result.subarray(0, count);
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
