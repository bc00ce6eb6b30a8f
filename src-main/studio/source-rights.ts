import type { Dataset } from '../contract/domain/datasets.ts';
import type { FileRights, LicenceSummary, Rights } from '../contract/domain/licences.ts';
import type { PictureDetails, Source } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import type { sourceQueries } from '../store/sources.ts';
import { licenceName, summarizeLicences } from './licence-summary.ts';

const notFound = (kind: string, id: string) =>
  new StudioError('not-found', `There is no ${kind} “${id}”.`, { kind, id });

/** What is known of sources and their pictures beside pixels: under which rights they are, and how these add up. */
export function createSourceRights({
  sources,
  dataset,
  changed,
}: {
  sources: ReturnType<typeof sourceQueries>;
  /** @throws StudioError `not-found` */
  dataset: (id: string) => Dataset;
  /** To be told when what is known of pictures changed. */
  changed: (datasetId: string) => void;
}) {
  const summaries = new Map<string, LicenceSummary>();

  /** @throws StudioError `not-found` */
  const get = (id: string): Source => {
    const source = sources.get(id);
    if (!source) throw notFound('source', id);
    return source;
  };
  /** To be called when pictures came, or what is known of them changed. */
  const forget = (datasetId: string) => {
    for (const key of summaries.keys()) if (key.split('/')[0] === datasetId) summaries.delete(key);
    changed(datasetId);
  };

  return {
    get,
    forget,
    licence(datasetId: string, version?: number): LicenceSummary {
      const key = `${datasetId}/${version ?? ''}`;
      const summary = summaries.get(key) ?? summarizeLicences(sources.rightsCounts(datasetId, version));
      if (!sources.list(datasetId).some((source) => source.importing)) summaries.set(key, summary);
      return summary;
    },

    /** Whatever the pictures of the source do not say themselves follows. A known licence is written as SPDX does. */
    setRights(id: string, rights: Rights): Dataset {
      const { datasetId } = get(id);
      sources.setRights(id, { ...rights, licence: licenceName(rights.licence) });
      forget(datasetId);
      return dataset(datasetId);
    },

    /** What one picture says of its own rights; null when it is to follow its source in everything. */
    setPictureRights(pictureId: string, rights: FileRights | null): PictureDetails {
      const facts = sources.pictureFacts(pictureId);
      if (!facts) throw notFound('picture', pictureId);
      sources.setPictureRights(pictureId, rights);
      forget(get(facts.sourceId).datasetId);
      return this.pictureDetails(pictureId);
    },

    /** What is known of a picture beside its pixels, and what of it is its source's. */
    pictureDetails(pictureId: string): PictureDetails {
      const facts = sources.pictureFacts(pictureId);
      if (!facts) throw notFound('picture', pictureId);
      const source = get(facts.sourceId);
      return {
        pictureId,
        caption: facts.caption,
        columns: facts.columns ?? {},
        own: facts.rights ?? {},
        rights: { ...source.rights, ...facts.rights },
        source,
      };
    },
  };
}
