import { describe, expect, it } from 'vitest';
import type { LookAlikes } from '../../src-main/imaging/pure/near-duplicates.ts';
import { connectedSets, groupAroundBest, hashWords } from '../../src-main/imaging/pure/near-duplicates.ts';
import { hammingDistance } from '../../src-main/imaging/pure/perceptual-hash.ts';
import { randomFrom } from '../helpers/drawn-pictures.ts';

function finish<Result>(generator: Generator<number, Result>): Result {
  for (;;) {
    const { done, value } = generator.next();
    if (done === true) return value;
  }
}

const inOrder = (count: number) => Uint32Array.from({ length: count }, (_, place) => place);

/** Hashes in clusters: each second one is a few flips away from one before. */
function clusteredHashes(count: number, seed: number): string[] {
  const random = randomFrom(seed);
  const hashes: bigint[] = [];
  for (let at = 0; at < count; at += 1) {
    if (at % 2 === 0 || at < 4) {
      hashes.push(
        Array.from({ length: 4 }, () => BigInt(Math.floor(random() * 65536))).reduce(
          (all, part) => (all << 16n) | part,
          0n,
        ),
      );
    } else {
      let near = hashes[Math.floor(random() * at)]!;
      const flips = Math.floor(random() * 15);
      for (let flip = 0; flip < flips; flip += 1) near ^= 1n << BigInt(Math.floor(random() * 64));
      hashes.push(near);
    }
  }
  return hashes.map((hash) => hash.toString(16).padStart(16, '0'));
}

function plainGroups(hashes: readonly string[], distance: number): LookAlikes[] {
  const taken = new Set<number>();
  return hashes.flatMap((hash, kept) => {
    if (taken.has(kept)) return [];
    taken.add(kept);
    const members = hashes.flatMap((other, place) => {
      const bits = hammingDistance(hash, other);
      if (taken.has(place) || bits > distance) return [];
      taken.add(place);
      return [{ place, distance: bits }];
    });
    return members.length > 0 ? [{ kept, members }] : [];
  });
}

describe('Pictures that look alike', () => {
  // Enough hashes for the index, and few enough for the plain search that it is compared with.
  const hashes = clusteredHashes(1300, 3);
  const words = hashWords(hashes);

  it.each([0, 3, 4, 6, 7, 9, 12])('are all found within %i bits, and nothing else', (distance) => {
    expect(finish(groupAroundBest(words, inOrder(hashes.length), distance))).toEqual(
      plainGroups(hashes, distance),
    );
  });

  it('are kept around the best of them, whatever their order', () => {
    const few = ['0000000000000000', '0000000000000003', '000000000000000f'];
    const groups = finish(groupAroundBest(hashWords(few), Uint32Array.of(1, 0, 2), 2));
    expect(groups).toEqual([
      {
        kept: 1,
        members: [
          { place: 0, distance: 2 },
          { place: 2, distance: 2 },
        ],
      },
    ]);
  });

  it('do not chain: what is only near a neighbour is not near the kept one', () => {
    const chain = ['0000000000000000', '0000000000000003', '000000000000000f', '000000000000003f'];
    const groups = finish(groupAroundBest(hashWords(chain), inOrder(4), 2));
    expect(groups.map(({ kept, members }) => [kept, ...members.map(({ place }) => place)])).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('belong to one set with the neighbours of their neighbours, so that no split parts them', () => {
    const chain = ['0000000000000000', 'ffffffffffffffff', '0000000000000003', '000000000000000f'];
    expect(finish(connectedSets(hashWords(chain), 2))).toEqual([[0, 2, 3]]);
    expect(finish(connectedSets(hashWords(chain), 2, [[1, 3]]))).toEqual([[0, 1, 2, 3]]);
    expect(finish(connectedSets(hashWords(chain), 0))).toEqual([]);
  });

  it('has no two near hashes in different sets', () => {
    const sets = finish(connectedSets(words, 6));
    const setOf = new Map(sets.flatMap((set, number) => set.map((place) => [place, number] as const)));
    for (let one = 0; one < hashes.length; one += 7) {
      for (let other = 0; other < one; other += 1) {
        if (hammingDistance(hashes[one]!, hashes[other]!) > 6) continue;
        expect(setOf.get(one)).toBeDefined();
        expect(setOf.get(one)).toBe(setOf.get(other));
      }
    }
  });

  it('are only searched for within 12 bits', () => {
    expect(() => finish(groupAroundBest(words, inOrder(hashes.length), 13))).toThrow(RangeError);
  });
});
