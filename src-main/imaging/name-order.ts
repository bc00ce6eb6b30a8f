const collator = new Intl.Collator('en', { numeric: true });

/** Natural order (`2.png` before `10.png`), and a fixed one where that finds no difference. */
export function compareNames(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
