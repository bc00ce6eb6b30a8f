export type PickMode = 'only' | 'toggle' | 'range';

export interface Pickable {
  /** Undefined while the picture at a place is not there. */
  idAt(place: number): string | undefined;
  /** Resolves when the pictures from `first` to `last` are there, or cannot be had. */
  ready(first: number, last: number): Promise<void>;
  /** So many of a range are asked for at a time, where not all of them are kept; all at once unless said. */
  readonly atATime?: number;
  chosen(): ReadonlySet<string>;
  choose(ids: ReadonlySet<string>): void;
}

/** Choosing among pictures in rows: one alone, one more or less, or all between one and the one picked before. */
export function usePicking({ idAt, ready, atATime = Infinity, chosen, choose }: Pickable) {
  /** Where a range begins. */
  let anchor = 0;

  async function pickRange(first: number, last: number) {
    const ids = new Set<string>();
    for (let from = first; from <= last; from += atATime) {
      const to = Math.min(last, from + atATime - 1);
      await ready(from, to);
      for (let place = from; place <= to; place += 1) {
        const id = idAt(place);
        if (id !== undefined) ids.add(id);
      }
    }
    choose(ids);
  }

  async function pick(place: number, mode: PickMode) {
    if (mode === 'range') return pickRange(Math.min(anchor, place), Math.max(anchor, place));
    anchor = place;
    await ready(place, place);
    const id = idAt(place);
    if (id === undefined) return;
    const next = new Set(mode === 'only' ? [] : chosen());
    if (!next.delete(id)) next.add(id);
    choose(next);
  }

  /** Lets the next range begin at the first picture. */
  const forget = () => void (anchor = 0);

  return { pick, forget };
}
