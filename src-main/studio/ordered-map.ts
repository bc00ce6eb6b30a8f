/**
 * Runs `work` on several items at once and yields the results in the order of the items, holding at most
 * `ahead` of them in memory. When one fails, or the reader stops, it waits for those under way before it ends.
 */
export async function* orderedMap<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  work: (item: Item, index: number) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  let index = 0;
  try {
    for (const item of items) {
      const started = work(item, index);
      // Its failure is seen when its turn comes; until then it must not count as unhandled.
      started.catch(() => undefined);
      underWay.push(started);
      index += 1;
      if (underWay.length >= ahead) {
        const result = await underWay[0]!;
        underWay.shift();
        yield result;
      }
    }
    while (underWay.length > 0) {
      const result = await underWay[0]!;
      underWay.shift();
      yield result;
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
