import { countBits } from './perceptual-hash.ts';

/** The largest distance that is searched for. */
export const largestDistance = 12;

/** Hashes are looked up by four pieces of 16 bits. */
const pieces = 4;
const pieceValues = 1 << 16;
/** Work between two yields is about this many comparisons, some milliseconds. */
const workPerYield = 120_000;
const placesPerYield = 20_000;

/** One kept picture and those that look like it; places in the list of hashes. */
export interface LookAlikes {
  kept: number;
  members: { place: number; distance: number }[];
}

/** The 64 bits of hashes as 32-bit words, `[hash, 2]`. */
export function hashWords(hashes: readonly string[]): Uint32Array {
  const words = new Uint32Array(hashes.length * 2);
  hashes.forEach((hash, at) => {
    words[at * 2] = Number.parseInt(hash.slice(0, 8), 16);
    words[at * 2 + 1] = Number.parseInt(hash.slice(8), 16);
  });
  return words;
}

/**
 * Groups pictures around the best of each: going through them in `order`, each that is not yet taken keeps all others
 * within `distance` of itself that are not taken either. So every member is near the picture that is kept for it;
 * linking neighbours of neighbours instead would chain pictures together that have nothing in common.
 *
 * @param words `[hash, 2]`, see {@link hashWords}
 * @param order all places, the best picture first
 * @param distance 0…12 bits
 * @yields now and then how many places are done, so that the caller can let others work
 * @returns groups of two or more, in the order of their kept pictures
 */
export function* groupAroundBest(
  words: Uint32Array,
  order: Uint32Array,
  distance: number,
): Generator<number, LookAlikes[]> {
  const taken = new Uint8Array(order.length);
  const search = yield* openSearch(words, distance);
  const groups: LookAlikes[] = [];
  for (let at = 0; at < order.length; at += 1) {
    const kept = order[at]!;
    if (taken[kept] !== 0) continue;
    taken[kept] = 1;
    const members: LookAlikes['members'] = [];
    search.near(kept, (place, bits) => {
      if (taken[place] !== 0) return;
      taken[place] = 1;
      members.push({ place, distance: bits });
    });
    if (members.length > 0) groups.push({ kept, members: members.sort((a, b) => a.place - b.place) });
    if (search.isTimeToYield()) yield at + 1;
  }
  return groups;
}

/**
 * Parts the pictures into sets between which no two are within `distance`: neighbours of neighbours belong together.
 * It is what a split into training and held-out pictures must not cut through.
 *
 * @param same pairs of places that belong together whatever their hashes are, `[pair, 2]`
 * @returns sets of two or more places, each in ascending order
 */
export function* connectedSets(
  words: Uint32Array,
  distance: number,
  same: readonly (readonly [number, number])[] = [],
): Generator<number, number[][]> {
  const count = words.length / 2;
  const parent = Uint32Array.from({ length: count }, (_, place) => place);
  // Union-find with path halving (Tarjan and van Leeuwen, 1984).
  const rootOf = (place: number): number => {
    let root = place;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!;
      root = parent[root]!;
    }
    return root;
  };
  const join = (one: number, other: number) => {
    const [first, second] = [rootOf(one), rootOf(other)];
    if (first !== second) parent[Math.max(first, second)] = Math.min(first, second);
  };
  for (const [one, other] of same) join(one, other);
  const search = yield* openSearch(words, distance);
  for (let place = 0; place < count; place += 1) {
    search.near(place, (other) => {
      if (other > place) join(place, other);
    });
    if (search.isTimeToYield()) yield place + 1;
  }
  yield count;
  // Most pictures are alone, and a list for each of them would be most of the work.
  const sizes = new Uint32Array(count);
  for (let place = 0; place < count; place += 1) sizes[rootOf(place)]! += 1;
  yield count;
  const sets = new Map<number, number[]>();
  for (let place = 0; place < count; place += 1) {
    const root = rootOf(place);
    if (sizes[root]! < 2) continue;
    const set = sets.get(root);
    if (set) set.push(place);
    else sets.set(root, [place]);
    if (place % placesPerYield === 0) yield count;
  }
  return [...sets.values()];
}

interface Search {
  /** Whether enough was done since the last yield. */
  isTimeToYield(): boolean;
  near(place: number, visit: (other: number, bits: number) => void): void;
}

/**
 * Finds all hashes within a distance of one: multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming
 * Space with Multi-Index Hashing", 2012). Two hashes that differ in at most d bits agree in one of four pieces up
 * to ⌊d / 4⌋ bits, so only hashes whose piece is that near are compared. A hash may be visited more than once.
 */
function* openSearch(words: Uint32Array, distance: number): Generator<number, Search> {
  if (!Number.isInteger(distance) || distance < 0 || distance > largestDistance) {
    throw new RangeError(`Distances are whole numbers from 0 to ${largestDistance}.`);
  }
  const count = words.length / 2;
  const radius = Math.floor(distance / pieces);
  const rest = distance % pieces;
  // Only as many pieces as the rest says can all be off by more than the radius less one (section 4 of the paper).
  const radii = Array.from({ length: pieces }, (_, piece) => (piece <= rest ? radius : radius - 1));
  const masks = radii.map((upTo) => masksWithin(upTo));
  const probes = masks.reduce((sum, { length }) => sum + length, 0);
  let work = 0;
  const isTimeToYield = () => {
    if (work < workPerYield) return false;
    work = 0;
    return true;
  };
  const distanceOf = (one: number, other: number) =>
    countBits(words[one * 2]! ^ words[other * 2]!) + countBits(words[one * 2 + 1]! ^ words[other * 2 + 1]!);

  // Looking at each is quicker than so many look-ups.
  if (probes >= count) {
    return {
      isTimeToYield,
      near(place: number, visit: (other: number, bits: number) => void): void {
        work += count;
        for (let other = 0; other < count; other += 1) {
          const bits = distanceOf(place, other);
          if (bits <= distance && other !== place) visit(other, bits);
        }
      },
    };
  }

  const pieceOf = (place: number, piece: number) =>
    (words[place * 2 + (piece >> 1)]! >>> ((piece & 1) * 16)) & 0xffff;
  const tables: { starts: Uint32Array; places: Uint32Array }[] = [];
  for (let piece = 0; piece < pieces; piece += 1) {
    // A counting sort: the places of each value stand together.
    const starts = new Uint32Array(pieceValues + 1);
    for (let place = 0; place < count; place += 1) starts[pieceOf(place, piece) + 1]! += 1;
    for (let value = 0; value < pieceValues; value += 1) starts[value + 1]! += starts[value]!;
    const next = starts.slice();
    const places = new Uint32Array(count);
    for (let place = 0; place < count; place += 1) places[next[pieceOf(place, piece)]!++] = place;
    tables.push({ starts, places });
    yield 0;
  }
  return {
    isTimeToYield,
    near(place: number, visit: (other: number, bits: number) => void): void {
      work += probes;
      for (let piece = 0; piece < pieces; piece += 1) {
        const { starts, places } = tables[piece]!;
        const value = pieceOf(place, piece);
        const wanted = masks[piece]!;
        for (let mask = 0; mask < wanted.length; mask += 1) {
          const bucket = value ^ wanted[mask]!;
          const end = starts[bucket + 1]!;
          for (let at = starts[bucket]!; at < end; at += 1) {
            const other = places[at]!;
            const bits = distanceOf(place, other);
            if (bits <= distance && other !== place) visit(other, bits);
          }
          work += end - starts[bucket]!;
        }
      }
    },
  };
}

/** All 16-bit numbers with at most so many bits; none for less than 0. */
function masksWithin(bits: number): Uint16Array {
  const masks: number[] = [];
  for (let mask = 0; mask < pieceValues; mask += 1) if (countBits(mask) <= bits) masks.push(mask);
  return Uint16Array.from(masks);
}
