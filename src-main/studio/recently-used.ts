/**
 * Puts an entry last in a map and lets the first go beyond `most`, so that those used last stay; a value that rejects
 * is forgotten.
 */
export function remember<Value>(
  kept: Map<string, Promise<Value>>,
  key: string,
  value: Promise<Value>,
  most: number,
): void {
  kept.delete(key);
  kept.set(key, value);
  value.catch(() => kept.delete(key));
  for (const oldest of kept.keys()) {
    if (kept.size <= most) break;
    kept.delete(oldest);
  }
}
