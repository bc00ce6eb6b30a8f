import { basename } from 'node:path/posix';

/** Whether a file of this name usually holds the licence of what lies beside it. */
export const mayBeLicence = (name: string): boolean =>
  /^(licen[cs]e|copying)([-.].*)?$/i.test(basename(name)) && !/\.(png|jpe?g|webp)$/i.test(name);

/** A phrase that only one licence's text or name holds; the more specific first. */
const marks: readonly (readonly [RegExp, string])[] = [
  [/SPDX-License-Identifier:\s*([\w.+-]+)/i, ''],
  [/CC0 1\.0|creativecommons\.org\/publicdomain\/zero\/1\.0/i, 'CC0-1.0'],
  [/Attribution-NonCommercial-ShareAlike 4\.0|licenses\/by-nc-sa\/4\.0/i, 'CC-BY-NC-SA-4.0'],
  [/Attribution-NonCommercial 4\.0|licenses\/by-nc\/4\.0/i, 'CC-BY-NC-4.0'],
  [/Attribution-ShareAlike 4\.0|licenses\/by-sa\/4\.0/i, 'CC-BY-SA-4.0'],
  [/Attribution-ShareAlike 3\.0|licenses\/by-sa\/3\.0/i, 'CC-BY-SA-3.0'],
  [/Attribution 4\.0|licenses\/by\/4\.0/i, 'CC-BY-4.0'],
  [/Apache License\s+Version 2\.0/i, 'Apache-2.0'],
  [/SIL OPEN FONT LICENSE Version 1\.1/i, 'OFL-1.1'],
  [/Permission is hereby granted, free of charge/i, 'MIT'],
];

/** The SPDX identifier that a licence text is known by; otherwise where to read it. */
export function licenceOfText(name: string, text: string): string {
  for (const [mark, identifier] of marks) {
    const found = mark.exec(text);
    if (found) return identifier || found[1]!;
  }
  return `see ${name}`;
}
