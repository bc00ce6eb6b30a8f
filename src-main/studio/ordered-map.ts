/** How much may be under way at once, where items weigh differently. */
export interface Load<Item> {
  /** For example the bytes that it holds in memory. */
  weigh(item: Item): number;
  most: number;
}

/**
 * Runs `work` on several items at once and yields the results in the order of the items, holding at most
 * `ahead` of them in memory, and no more of them than `load` allows. When one fails, or the reader stops, it waits for
 * those under way before it ends.
 */
export async function* orderedMap<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  ahead: number,
  work: (item: Item, index: number) => Promise<Result>,
  load?: Load<Item>,
): AsyncGenerator<Result> {
  const underWay: { result: Promise<Result>; weight: number }[] = [];
  let index = 0;
  let weight = 0;
  try {
    for await (const item of items) {
      const own = load?.weigh(item) ?? 0;
      const result = work(item, index);
      // Its failure is seen when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      underWay.push({ result, weight: own });
      weight += own;
      index += 1;
      while (underWay.length >= ahead || (load && weight >= load.most && underWay.length > 0)) {
        const done = await underWay[0]!.result;
        weight -= underWay.shift()!.weight;
        yield done;
      }
    }
    while (underWay.length > 0) {
      const done = await underWay[0]!.result;
      underWay.shift();
      yield done;
    }
  } finally {
    await Promise.allSettled(underWay.map(({ result }) => result));
  }
}
