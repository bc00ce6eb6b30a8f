import { createHash } from 'node:crypto';
import type { FocusPoint, Recipe } from '../contract/domain/recipes.ts';
import { StudioError } from '../contract/errors.ts';
import { compareNames } from '../imaging/name-order.ts';
import type { StoredPicture } from '../store/datasets.ts';
import { heldOutOf, rankOf } from './version-split.ts';

/** A picture that may enter a version, with the facts about it that decide its pixels. */
export interface Candidate extends StoredPicture {
  focus: FocusPoint | null;
}

/** One place of a version: a picture, and, of a pair made of two files, the picture of its input. */
export interface PlannedRow {
  target: Candidate;
  input: Candidate | null;
  /** The name of its class; null for none. */
  className: string | null;
}

/** What a version will hold, before a single picture is decoded. */
export interface VersionPlan {
  /** The training part, then what is held out. */
  rows: PlannedRow[];
  images: number;
  heldOut: number;
  /** Of the training part, in natural order of the names, so that the class `2` comes before `10`. */
  classes: { name: string; images: number }[];
  /** Pictures that found no other half of a pair. */
  unpaired: number;
  /** SHA-256 over everything that goes in, in order: the same hash and recipe make the same bytes. */
  inputsHash: string;
}

const impossible = (reason: string, message: string, details: Record<string, string | number> = {}) =>
  new StudioError('recipe-impossible', message, { reason, ...details });

/**
 * Decides which picture stands where. Depends on the recipe, the pictures and the groups alone.
 *
 * @param candidates in the dataset's order
 * @param groups ids of pictures that look alike; none is parted by the split
 * @throws StudioError `recipe-impossible`, `pictures-too-few`
 */
export function planVersion(
  recipe: Recipe,
  candidates: readonly Candidate[],
  groups: readonly (readonly string[])[],
): VersionPlan {
  const { rows, unpaired } = pairedRows(recipe, candidates);
  if (rows.length === 0) {
    throw new StudioError(
      'pictures-too-few',
      'No picture of this dataset may enter a version. Take some back in, or add pictures.',
      { images: 0, needed: 1 },
    );
  }
  const heldOut = heldOutOf(rows, recipe, groups);
  if (recipe.heldOutShare > 0 && heldOut.size === 0) {
    throw impossible(
      'held-out-empty',
      `A share of ${recipe.heldOutShare} of ${rows.length} pictures holds none out. Raise the share, or add pictures that are no copies of one another.`,
      { share: recipe.heldOutShare, images: rows.length },
    );
  }
  const training = rows.filter((_, at) => !heldOut.has(at));
  const balanced = balancedRows(training, recipe);
  const apart = rows.filter((_, at) => heldOut.has(at));
  const counts = new Map<string, number>();
  for (const { className } of apart) if (className !== null) counts.set(className, 0);
  for (const { className } of balanced) {
    if (className !== null) counts.set(className, (counts.get(className) ?? 0) + 1);
  }
  const classes = [...counts]
    .map(([name, images]) => ({ name, images }))
    .sort((a, b) => compareNames(a.name, b.name));
  const all = [...balanced, ...apart];
  return {
    rows: all,
    images: balanced.length,
    heldOut: apart.length,
    classes,
    unpaired,
    inputsHash: hashOf(all, balanced.length),
  };
}

/** Class numbers, −1 for none, little-endian 32-bit, one for each row. */
export function labelsOf({ rows, classes }: Pick<VersionPlan, 'rows' | 'classes'>): Buffer {
  const numbers = new Map(classes.map(({ name }, number) => [name, number]));
  const labels = Buffer.alloc(rows.length * 4);
  rows.forEach(({ className }, at) =>
    labels.writeInt32LE(className === null ? -1 : numbers.get(className)!, at * 4),
  );
  return labels;
}

function pairedRows(recipe: Recipe, candidates: readonly Candidate[]) {
  const { pairing, labelMode } = recipe;
  const classOf = ({ label }: Candidate): string | null => (labelMode === 'folders' ? label : null);
  if (pairing.kind !== 'by-name') {
    const rows = candidates.map((target) => ({ target, input: null, className: classOf(target) }));
    return { rows, unpaired: 0 };
  }
  const { inputs, targets } = pairing;
  const byName = new Map<string, Candidate>();
  for (const candidate of candidates) {
    if (candidate.label === inputs) byName.set(nameWithin(candidate.name, inputs), candidate);
  }
  const rows: PlannedRow[] = [];
  for (const target of candidates) {
    if (target.label !== targets) continue;
    const input = byName.get(nameWithin(target.name, targets));
    // The two folders say which half of a pair a picture is; they are no classes any more.
    if (input && input !== target) rows.push({ target, input, className: null });
  }
  if (rows.length === 0) {
    throw impossible(
      'no-pairs',
      `No picture of “${inputs}” has the name of one of “${targets}”. Choose two folders whose files have equal names.`,
      { inputs, targets },
    );
  }
  return { rows, unpaired: candidates.length - 2 * rows.length };
}

/** What is left of a name without its folder and its extension, so that `a/1.png` pairs with `b/1.jpg`. */
function nameWithin(name: string, label: string): string {
  const parts = name.split('/');
  const folder = parts.indexOf(label);
  const rest = (folder === -1 ? parts : parts.slice(folder + 1)).join('/');
  return rest.replace(/\.[^./]+$/, '');
}

function balancedRows(rows: readonly PlannedRow[], { balance, seed }: Recipe): PlannedRow[] {
  if (balance === 'none') return [...rows];
  const byClass = new Map<string, { row: PlannedRow; at: number; rank: number }[]>();
  rows.forEach((row, at) => {
    if (row.className === null) return;
    const members = byClass.get(row.className) ?? [];
    members.push({ row, at, rank: rankOf(seed, 'balance', row.target) });
    byClass.set(row.className, members);
  });
  if (byClass.size < 2) {
    throw impossible(
      'balance-without-classes',
      'Classes can only be evened out where there are at least two. Take labels from the folders, or leave the balance as it is.',
    );
  }
  const sizes = [...byClass.values()].map((members) => members.length);
  const ranked = [...byClass.values()].map((members) =>
    members.sort((a, b) => a.rank - b.rank || a.at - b.at),
  );
  if (balance === 'undersample') {
    const least = Math.min(...sizes);
    const leftOut = new Set(ranked.flatMap((members) => members.slice(least).map(({ at }) => at)));
    return rows.filter((_, at) => !leftOut.has(at));
  }
  const most = Math.max(...sizes);
  const repeated = ranked.flatMap((members) =>
    Array.from({ length: most - members.length }, (_, more) => members[more % members.length]!.row),
  );
  return [...rows, ...repeated];
}

/** So many rows are hashed at once: a call for each would take longer than the hashing. */
const hashedAtOnce = 1000;

function hashOf(rows: readonly PlannedRow[], images: number): string {
  const hash = createHash('sha256');
  const told = ({ id, originalSha256, originalIndex, focus, repair }: Candidate) =>
    `${id} ${originalSha256} ${originalIndex ?? ''} ${focus ? `${focus.x},${focus.y}` : ''} ${repair ?? ''}`;
  for (let start = 0; start < rows.length; start += hashedAtOnce) {
    const lines = rows
      .slice(start, start + hashedAtOnce)
      .map(({ target, input, className }, at) =>
        [
          start + at < images ? 'train' : 'held out',
          told(target),
          input ? told(input) : '',
          JSON.stringify(className),
        ].join('\t'),
      );
    hash.update(`${lines.join('\n')}\n`);
  }
  return hash.digest('hex');
}
