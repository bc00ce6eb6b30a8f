import type { EmbeddingMap, MapMethod } from '../contract/domain/cleaning.ts';
import { findingKinds } from '../contract/domain/cleaning.ts';
import { compareNames } from '../imaging/name-order.ts';
import type { PlacedPicture } from '../store/learnt.ts';

/** Places with so many decimals are finer than any screen. */
const decimals = 4;

/** Where a picture came from, as far as its name says: the folder that holds it. */
const folderOf = (name: string): string | null => {
  const end = name.lastIndexOf('/');
  return end === -1 ? null : name.slice(0, end);
};

/** The map as the page draws it: both directions in one scale, the whole of it from −1 to 1. */
export function embeddingMap(placed: readonly PlacedPicture[], method: MapMethod): EmbeddingMap {
  const shown = method === 'pca' ? placed : placed.filter(({ umapX }) => umapX !== null);
  const x = shown.map(({ pcaX, umapX }) => (method === 'pca' ? pcaX : umapX!));
  const y = shown.map(({ pcaY, umapY }) => (method === 'pca' ? pcaY : umapY!));
  const middle = (values: readonly number[]) => {
    const [low, high] = extent(values);
    return { centre: (low + high) / 2, half: (high - low) / 2 };
  };
  const [across, down] = [middle(x), middle(y)];
  const scale = Math.max(across.half, down.half) || 1;
  const place = (value: number, centre: number) => Number(((value - centre) / scale).toFixed(decimals));

  const named = (nameOf: (picture: PlacedPicture) => string | null) => {
    const names = [...new Set(shown.flatMap((picture) => nameOf(picture) ?? []))].sort(compareNames);
    const numbers = new Map(names.map((name, number) => [name, number]));
    const index = shown.map((picture) => {
      const name = nameOf(picture);
      return name === null ? -1 : numbers.get(name)!;
    });
    return { names, index };
  };
  const classes = named(({ label }) => label);
  // Of a single source the folders within it say more.
  const isSingle = new Set(shown.map(({ source }) => source)).size <= 1;
  const sources = named(({ name, source }) => (isSingle ? folderOf(name) : source));
  const findings = findingKinds.filter((kind) => shown.some(({ finding }) => finding === kind));
  return {
    method,
    pictureIds: shown.map(({ pictureId }) => pictureId),
    names: shown.map(({ name }) => name),
    x: x.map((value) => place(value, across.centre)),
    y: y.map((value) => place(value, down.centre)),
    classIndex: classes.index,
    sourceIndex: sources.index,
    findingIndex: shown.map(({ finding }) => (finding === null ? -1 : findings.indexOf(finding))),
    excluded: shown.map(({ excluded }) => excluded === 1),
    classes: classes.names,
    sources: sources.names,
    findings,
  };
}

const extent = (values: readonly number[]): [number, number] => {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length === 0 ? [0, 0] : [low, high];
};
