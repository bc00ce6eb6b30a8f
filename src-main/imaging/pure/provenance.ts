import type { Provenance } from '../../contract/domain/images.ts';
import { provenanceSchema } from '../../contract/domain/images.ts';
import type { PngText } from './png-encode.ts';
import { readPngText } from './png-encode.ts';

const provenanceKeyword = 'imago:provenance';

/**
 * What a generated PNG says about itself, as text chunks: the whole provenance as JSON under
 * `imago:provenance`, and an XMP packet that marks the picture as made by a trained model for readers
 * who know neither us nor our JSON.
 *
 * The packet holds the IPTC digital source type `trainedAlgorithmicMedia`, or
 * `compositeWithTrainedAlgorithmicMedia` where parts of a brought picture were kept, and the implicit label of
 * China's GB 45438-2025 (`TC260:AIGC`).
 */
export function provenanceChunks(provenance: Provenance): PngText[] {
  return [
    { keyword: provenanceKeyword, text: JSON.stringify(withSortedKeys(provenance)) },
    { keyword: 'XML:com.adobe.xmp', text: xmpPacket(provenance) },
  ];
}

/**
 * The provenance inside a PNG; null when there is none or it is not of our making.
 *
 * @throws StudioError `file-unreadable` when the bytes are not a whole PNG
 */
export function readProvenance(png: Uint8Array): Provenance | null {
  const found = readPngText(png).find((chunk) => chunk.keyword === provenanceKeyword);
  if (!found) return null;
  try {
    return provenanceSchema.safeParse(JSON.parse(found.text)).data ?? null;
  } catch {
    return null;
  }
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withSortedKeys(inner)]));
}

function xmpPacket({ generator, run, seed, repair }: Provenance): string {
  const keepsParts = repair !== undefined && repair.kind !== 'translates';
  const label = {
    Label: '1',
    ContentProducer: generator.name,
    ProduceID: [run.id, run.step, seed, ...(repair ? [repair.inputSha256.slice(0, 16)] : [])].join('-'),
    ReservedCode1: '',
    ContentPropagator: '',
    PropagateID: '',
    ReservedCode2: '',
  };
  return [
    '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about=""',
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
    ' xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">',
    `<xmp:CreatorTool>${escapeXml(`${generator.name} ${generator.version}`)}</xmp:CreatorTool>`,
    '<Iptc4xmpExt:DigitalSourceType>',
    'http://cv.iptc.org/newscodes/digitalsourcetype/',
    keepsParts ? 'compositeWithTrainedAlgorithmicMedia' : 'trainedAlgorithmicMedia',
    '</Iptc4xmpExt:DigitalSourceType>',
    `<TC260:AIGC>${escapeXml(JSON.stringify(label))}</TC260:AIGC>`,
    '</rdf:Description>',
    '</rdf:RDF>',
    '</x:xmpmeta>',
    '<?xpacket end="r"?>',
  ].join('');
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}
