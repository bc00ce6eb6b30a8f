// RFC 9309: Robots Exclusion Protocol.

/** What a site asks of programs: rules for those that bear our name, or else for all. */
export interface Robots {
  rules: readonly { isAllowed: boolean; pattern: string }[];
}

export const everythingAllowed: Robots = { rules: [] };
export const nothingAllowed: Robots = { rules: [{ isAllowed: false, pattern: '/' }] };

/** Parsers must read this much of a file and may ignore the rest. */
export const robotsBytes = 512 * 1024;

/**
 * Reads a robots.txt for one product.
 *
 * @param product the token that groups name, compared without case
 */
export function parseRobots(text: string, product: string): Robots {
  const groups: { agents: string[]; rules: { isAllowed: boolean; pattern: string }[] }[] = [];
  let isNaming = false;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const parts = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/.exec(line);
    const key = parts?.[1]?.toLowerCase();
    const value = parts?.[2]?.trim() ?? '';
    if (key === 'user-agent') {
      if (!isNaming) groups.push({ agents: [], rules: [] });
      groups.at(-1)?.agents.push(value.toLowerCase());
      isNaming = true;
    } else if (key === 'allow' || key === 'disallow') {
      isNaming = false;
      // An empty value matches nothing.
      if (value !== '') groups.at(-1)?.rules.push({ isAllowed: key === 'allow', pattern: value });
    }
  }
  const rulesFor = (agent: string) => groups.filter(({ agents }) => agents.includes(agent));
  const own = rulesFor(product.toLowerCase());
  return { rules: (own.length > 0 ? own : rulesFor('*')).flatMap(({ rules }) => rules) };
}

/**
 * Whether an address may be fetched: the longest pattern that matches decides, and of equal ones the one that
 * allows.
 */
export function isAllowed({ rules }: Robots, { pathname, search }: URL): boolean {
  const path = pathname + search;
  let decided = { length: -1, isAllowed: true };
  for (const { isAllowed: allows, pattern } of rules) {
    if (!matches(pattern, path)) continue;
    const isLonger = pattern.length > decided.length;
    if (isLonger || (pattern.length === decided.length && allows)) {
      decided = { length: pattern.length, isAllowed: allows };
    }
  }
  return decided.isAllowed;
}

/** `*` stands for anything, `$` at the end for the end; compared piece by piece, so that no pattern costs much. */
function matches(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith('$');
  const pieces = (isWhole ? pattern.slice(0, -1) : pattern).split('*');
  const [start = ''] = pieces;
  if (!path.startsWith(start)) return false;
  let at = start.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = path.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  const last = pieces.length > 1 ? (pieces.at(-1) ?? '') : '';
  if (!isWhole) return path.indexOf(last, at) >= 0;
  return path.endsWith(last) && path.length - last.length >= at && (pieces.length > 1 || path.length === at);
}
