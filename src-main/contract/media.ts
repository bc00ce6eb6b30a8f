/**
 * Addresses of pictures. They never travel as payloads of a call: the renderer asks for
 * `<base><address>`, where base is `/media/` in the browser host and `imago-media://media/` in the desktop.
 */
export const mediaAddress = {
  /** A picture of a dataset, at most 160 px on its longer side. */
  picture: (pictureId: string) => `picture/${encodeURIComponent(pictureId)}`,
  /** A picture as the network sees it. */
  versionPicture: (datasetId: string, version: number, index: number) =>
    `version/${encodeURIComponent(datasetId)}/${version}/${index}`,
  /** The sheet of samples of a run at a step. */
  sampleSheet: (runId: string, step: number) => `sample/${encodeURIComponent(runId)}/${step}`,
  /** A generated picture, full size, with its provenance inside. */
  image: (imageId: string) => `image/${encodeURIComponent(imageId)}`,
  /** A finished export in ZIP form. */
  export: (exportId: string) => `export/${encodeURIComponent(exportId)}`,
};

export type MediaRequest =
  | { kind: 'picture'; pictureId: string }
  | { kind: 'version'; datasetId: string; version: number; index: number }
  | { kind: 'sample'; runId: string; step: number }
  | { kind: 'image'; imageId: string }
  | { kind: 'export'; exportId: string };

const isCount = (text: string | undefined): text is string => text !== undefined && /^\d{1,12}$/.test(text);

/** What an address asks for, or null when it is not one of ours. Never touches the disk. */
export function parseMediaAddress(address: string): MediaRequest | null {
  let parts: string[];
  try {
    parts = address.split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
  const [kind, id, second, third] = parts;
  if (!id || !/^[A-Za-z0-9_-]+$/.test(id)) return null;
  if (kind === 'picture' && parts.length === 2) return { kind, pictureId: id };
  if (kind === 'image' && parts.length === 2) return { kind, imageId: id };
  if (kind === 'export' && parts.length === 2) return { kind, exportId: id };
  if (kind === 'sample' && parts.length === 3 && isCount(second)) {
    return { kind, runId: id, step: Number(second) };
  }
  if (kind === 'version' && parts.length === 4 && isCount(second) && isCount(third)) {
    return { kind, datasetId: id, version: Number(second), index: Number(third) };
  }
  return null;
}
