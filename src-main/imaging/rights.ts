import readExif from 'exif-reader';
import type { FileRights } from '../contract/domain/licences.ts';
import { withoutEmpty } from './columns.ts';

/** What a picture file carries about itself, as the decoder hands it over. */
export interface EmbeddedNotes {
  exif?: Buffer | undefined;
  xmp?: Buffer | undefined;
  /** Text chunks of a PNG. */
  comments?: readonly { keyword: string; text: string }[] | undefined;
}

/**
 * What a picture file itself says of its rights: EXIF (Copyright, Artist), XMP (dc:rights, xmpRights:WebStatement,
 * cc:license, dc:creator, and what the PLUS vocabulary's DataMining says about training), PNG texts.
 * Notes that cannot be read say nothing.
 */
export function rightsInFile({ exif, xmp, comments }: EmbeddedNotes): FileRights | null {
  const fromExif = exif ? exifRights(exif) : {};
  const fromXmp = xmp ? xmpRights(xmp.toString('utf8')) : {};
  const text = (keyword: string) =>
    comments?.find((comment) => comment.keyword === keyword)?.text.trim() || null;
  return withoutEmpty({
    licence: fromXmp.licence ?? fromExif.licence ?? text('Copyright'),
    author: fromXmp.author ?? fromExif.author ?? text('Author'),
    url: fromXmp.url ?? null,
    date: fromXmp.date ?? fromExif.date ?? null,
    mayTrain: fromXmp.mayTrain ?? null,
  });
}

function exifRights(exif: Buffer): FileRights {
  try {
    const tags = readExif(exif);
    const text = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', ' ').trim() : '');
    const taken = tags.Photo?.DateTimeOriginal;
    return (
      withoutEmpty({
        licence: text(tags.Image?.Copyright),
        author: text(tags.Image?.Artist),
        date:
          taken instanceof Date && !Number.isNaN(taken.getTime()) ? taken.toISOString().slice(0, 10) : null,
      }) ?? {}
    );
  } catch {
    return {};
  }
}

/** http://ns.useplus.org/LDF/ldf-XMPSpecification, the property DataMining. */
const dataMining: readonly (readonly [RegExp, 'yes' | 'no'])[] = [
  [/DMI-ALLOWED/, 'yes'],
  [/DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING/, 'no'],
  [/DMI-PROHIBITED-(GEN)?AIMLTRAINING/, 'no'],
  [/DMI-PROHIBITED(?!-SEECONSTRAINT|-SEEEMBEDDED)/, 'no'],
];

/** A small reading of an XMP packet: the few properties that speak of rights, as elements or as attributes. */
function xmpRights(packet: string): FileRights {
  const value = (name: string): string | null => {
    const attribute = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(packet);
    if (attribute) return decoded(attribute[1] ?? attribute[2] ?? '');
    const element = new RegExp(`<${name}\\b[^>]*?(?:/>|>([\\s\\S]{0,20000}?)</${name}>)`).exec(packet);
    if (!element) return null;
    const resource = /rdf:resource\s*=\s*["']([^"']*)["']/.exec(element[0]);
    const items = [...(element[1] ?? '').matchAll(/<rdf:li[^>]*>([\s\S]*?)<\/rdf:li>/g)].map(
      ([, item]) => item!,
    );
    const text = items.length > 0 ? items.join(', ') : (element[1] ?? resource?.[1] ?? '');
    return decoded(text.replace(/<[^>]*>/g, ' ')) || (resource ? decoded(resource[1]!) : null);
  };
  const mining = value('plus:DataMining') ?? '';
  const licenceUrl = value('cc:license');
  return (
    withoutEmpty({
      licence: value('dc:rights') ?? licenceUrl,
      author: value('dc:creator'),
      url: value('xmpRights:WebStatement') ?? licenceUrl ?? null,
      date: value('photoshop:DateCreated'),
      mayTrain: dataMining.find(([mark]) => mark.test(mining))?.[1] ?? null,
    }) ?? {}
  );
}

const decoded = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
