import type { Recipe } from '../contract/domain/recipes.ts';
import type { Candidate, PlannedRow } from './version-plan.ts';

interface Group {
  members: number[];
  rank: number;
}

/**
 * Puts pictures in an order that looks like chance and that a picture more or less hardly changes: the SHA-256 of its
 * original, which is as good as drawn, stirred with the seed (the finalizer of MurmurHash3).
 *
 * @returns 0 … 2⁵³−1
 */
export function rankOf(
  seed: number,
  purpose: 'held-out' | 'balance',
  { originalSha256, originalIndex }: Pick<Candidate, 'originalSha256' | 'originalIndex'>,
): number {
  const salt = stirred((seed ^ (purpose === 'balance' ? 0x5bd1e995 : 0x1b873593)) >>> 0);
  const high = stirred(Number.parseInt(originalSha256.slice(0, 8), 16) ^ salt ^ stirred(originalIndex ?? 0));
  const low = stirred(Number.parseInt(originalSha256.slice(8, 16), 16) ^ high);
  return (high >>> 11) * 2 ** 32 + low;
}

function stirred(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Which rows are held out: by class in proportion, in an order that the seed and the pictures' bytes decide, and
 * never a part of a group. Copies of one original are a group even where nobody named them.
 *
 * @returns positions among `rows`; as near to the share as whole groups allow, and never above it by more than
 *   rounding
 */
export function heldOutOf(
  rows: readonly PlannedRow[],
  { heldOutShare, seed }: Pick<Recipe, 'heldOutShare' | 'seed'>,
  groups: readonly (readonly string[])[],
): Set<number> {
  if (heldOutShare === 0) return new Set();
  const wanted = wantedOf(rows, heldOutShare);
  const most = [...wanted.values()].reduce((sum, count) => sum + count, 0);
  const taken = new Map<string, number>();
  const heldOut = new Set<number>();
  const ordered = groupsOf(rows, seed, groups).sort((a, b) => a.rank - b.rank);
  for (const { members } of ordered) {
    const counts = classCounts(members.map((member) => rows[member]!));
    const fits = [...counts].every(
      ([name, count]) => (taken.get(name) ?? 0) + count <= (wanted.get(name) ?? 0),
    );
    if (!fits) continue;
    for (const [name, count] of counts) taken.set(name, (taken.get(name) ?? 0) + count);
    for (const member of members) heldOut.add(member);
    if (heldOut.size >= most) break;
  }
  return heldOut;
}

const classKey = ({ className }: PlannedRow): string => (className === null ? '' : `=${className}`);

function classCounts(rows: readonly PlannedRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(classKey(row), (counts.get(classKey(row)) ?? 0) + 1);
  return counts;
}

/** How many of each class, adding up to the share of all (largest remainder). */
function wantedOf(rows: readonly PlannedRow[], share: number): Map<string, number> {
  const sizes = classCounts(rows);
  const wanted = new Map([...sizes].map(([name, size]) => [name, Math.floor(size * share)]));
  let left = Math.round(rows.length * share) - [...wanted.values()].reduce((sum, count) => sum + count, 0);
  const byRemainder = [...sizes]
    .map(([name, size]) => ({ name, remainder: (size * share) % 1 }))
    .sort((a, b) => b.remainder - a.remainder || (a.name < b.name ? -1 : 1));
  for (const { name } of byRemainder) {
    if (left <= 0) break;
    wanted.set(name, wanted.get(name)! + 1);
    left -= 1;
  }
  return wanted;
}

/** Rows that share an original or a named group, however far the chain goes. */
function groupsOf(rows: readonly PlannedRow[], seed: number, named: readonly (readonly string[])[]): Group[] {
  const parents = rows.map((_, at) => at);
  const rootOf = (at: number): number => {
    let root = at;
    while (parents[root] !== root) root = parents[root]!;
    for (let step = at; parents[step] !== root;) {
      const next = parents[step]!;
      parents[step] = root;
      step = next;
    }
    return root;
  };
  const first = new Map<string, number>();
  const join = (key: string, at: number) => {
    const known = first.get(key);
    if (known === undefined) first.set(key, at);
    else parents[rootOf(at)] = rootOf(known);
  };
  const groupOf = new Map(named.flatMap((ids, number) => ids.map((id) => [id, number] as const)));
  rows.forEach(({ target, input }, at) => {
    for (const picture of input ? [target, input] : [target]) {
      join(`original ${picture.originalSha256} ${picture.originalIndex ?? ''}`, at);
      const number = groupOf.get(picture.id);
      if (number !== undefined) join(`group ${number}`, at);
    }
  });
  const byRoot = new Map<number, Group>();
  rows.forEach((row, at) => {
    const root = rootOf(at);
    const rank = rankOf(seed, 'held-out', row.target);
    const group = byRoot.get(root);
    if (!group) byRoot.set(root, { members: [at], rank });
    else {
      group.members.push(at);
      group.rank = Math.min(group.rank, rank);
    }
  });
  return [...byRoot.values()];
}
