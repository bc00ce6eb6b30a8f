import parseExpression from 'spdx-expression-parse';
import licenceIds from 'spdx-license-ids/index.json' with { type: 'json' };
import type { Licence, LicenceConflict, LicenceDemand, LicenceSummary } from '../contract/domain/licences.ts';
import type { RightsCount } from '../store/sources.ts';

/** Identifiers whatever their case: people write `cc-by-4.0`. */
const idOf = new Map(licenceIds.map((id) => [id.toLowerCase(), id]));

/** The identifier that a name stands for, as SPDX writes it; the name itself where there is none. */
export function licenceName(text: string): string {
  const trimmed = text.trim();
  return idOf.get(trimmed.toLowerCase()) ?? trimmed;
}

/** The order in which licences are told, the strictest first. */
const strictness: readonly LicenceDemand[] = [
  'no-derivatives',
  'non-commercial',
  'share-alike',
  'attribution',
];

const isShareAlike =
  /^(CC-BY-(NC-)?SA|[AL]?GPL|GFDL|MPL|CDDL|EPL|EUPL|OSL|ODbL|CECILL(-[12]|$)|CDLA-Sharing|LAL|FreeImage|NPOSL|RPL|SSPL|CC-GNU)/i;
const asksNothing =
  /^(CC0|CC-PDDC|CC-PDM|PDDL|Unlicense|0BSD|WTFPL|MIT-0|Public-Domain|SAX-PD|CDLA-Permissive-2|blessing|NIST-PD)/i;

function demandsOfId(id: string): LicenceDemand[] {
  if (asksNothing.test(id)) return [];
  const demands: LicenceDemand[] = [];
  const isCreativeCommons = /^CC-/.test(id);
  if (isCreativeCommons && /-ND(-|$)/.test(id)) demands.push('no-derivatives');
  if ((isCreativeCommons && /-NC(-|$)/.test(id)) || /Non-?Commercial|^PolyForm/i.test(id)) {
    demands.push('non-commercial');
  }
  if (isShareAlike.test(id)) demands.push('share-alike');
  demands.push('attribution');
  return demands;
}

type Expression = ReturnType<typeof parseExpression>;

/** Of a choice (OR) the mildest counts, of a sum (AND) all do. */
function demandsOf(expression: Expression): LicenceDemand[] {
  if ('license' in expression) return demandsOfId(expression.license);
  const [left, right] = [demandsOf(expression.left), demandsOf(expression.right)];
  if (expression.conjunction === 'or') return weight(left) <= weight(right) ? left : right;
  return strictness.filter((demand) => left.includes(demand) || right.includes(demand));
}

/** Grows with strictness: a demand weighs more than all that come after it. */
const weight = (demands: readonly LicenceDemand[]): number =>
  demands.reduce((sum, demand) => sum + 2 ** (strictness.length - strictness.indexOf(demand)), 0);

/**
 * What a licence asks for, known by its SPDX identifier or expression (https://spdx.org/licenses/).
 *
 * @returns null for terms in words of their own
 */
export function knownDemands(licence: string): LicenceDemand[] | null {
  try {
    return demandsOf(parseExpression(licence));
  } catch {
    return null;
  }
}

/** How many authors are named one by one. */
const namedAuthors = 20;

/**
 * The terms of a set of pictures, taken together.
 *
 * @param counts pictures by their terms
 */
export function summarizeLicences(counts: readonly RightsCount[]): LicenceSummary {
  const pictures = new Map<string, number>();
  const authors = new Map<string, number>();
  const mayTrain = { yes: 0, no: 0, unknown: 0 };
  let unlicensed = 0;
  for (const { licence, author, mayTrain: word, pictures: count } of counts) {
    mayTrain[word] += count;
    if (author !== '') authors.set(author, (authors.get(author) ?? 0) + count);
    const name = licenceName(licence);
    if (name === '') unlicensed += count;
    else pictures.set(name, (pictures.get(name) ?? 0) + count);
  }
  const licences = [...pictures]
    .map(([licence, count]) => {
      const demands = knownDemands(licence);
      return { licence, isKnown: demands !== null, demands: demands ?? [], pictures: count };
    })
    // Terms that nobody knows may ask for anything: they come before all others.
    .sort(
      (a, b) =>
        Number(a.isKnown) - Number(b.isKnown) ||
        weight(b.demands) - weight(a.demands) ||
        b.pictures - a.pictures ||
        (a.licence < b.licence ? -1 : 1),
    );
  const isAllKnown = licences.every(({ isKnown }) => isKnown);
  const inParts = (licence: string) =>
    licences.length > 1 && / OR /i.test(licence) ? `(${licence})` : licence;
  return {
    name: licences.map(({ licence }) => inParts(licence)).join(isAllKnown ? ' AND ' : '; '),
    attribution: attributionOf(authors),
    demands: strictness.filter((demand) => licences.some(({ demands }) => demands.includes(demand))),
    conflicts: conflictsOf(licences, unlicensed),
    unlicensed,
    licences,
    authors: authors.size,
    mayTrain,
  };
}

function attributionOf(authors: ReadonlyMap<string, number>): string {
  const names = [...authors].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const rest = names.length - namedAuthors;
  return names.slice(0, namedAuthors).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

function conflictsOf(licences: LicenceSummary['licences'], unlicensed: number): LicenceConflict[] {
  const conflicts: LicenceConflict[] = [];
  const shareAlike = licences.filter(({ demands }) => demands.includes('share-alike'));
  // Another version of the same licence is no other licence.
  const kinds = new Set(shareAlike.map(({ licence }) => licence.replace(/-\d+(\.\d+)*.*$/, '')));
  if (kinds.size > 1) conflicts.push('share-alike-differs');
  const staysFree = shareAlike.some(({ demands }) => !demands.includes('non-commercial'));
  const isKeptFromTrade = licences.some(({ demands }) => demands.includes('non-commercial'));
  if (staysFree && isKeptFromTrade) conflicts.push('share-alike-and-non-commercial');
  if (licences.some(({ demands }) => demands.includes('no-derivatives'))) conflicts.push('no-derivatives');
  if (licences.some(({ isKnown }) => !isKnown)) conflicts.push('own-words');
  if (unlicensed > 0) conflicts.push('unknown-licence');
  return conflicts;
}

/** What is written into pictures and exports: the terms without the numbers behind them. */
export const licenceOfSummary = ({
  name,
  attribution,
  demands,
  conflicts,
  unlicensed,
}: LicenceSummary): Licence => ({ name, attribution, demands, conflicts, unlicensed });
