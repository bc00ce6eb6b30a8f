import type { Dataset } from '../contract/domain/datasets.ts';
import type { LicenceSummary, Rights } from '../contract/domain/licences.ts';
import type { Source } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import type { sourceQueries } from '../store/sources.ts';
import { licenceName, summarizeLicences } from './licence-summary.ts';

/** Under which rights sources and their pictures are, and how these add up. */
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
    if (!source) throw new StudioError('not-found', `There is no source “${id}”.`, { kind: 'source', id });
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

    /**
     * The terms of one picture, as far as they say whether it may be used.
     *
     * @throws StudioError `not-found`
     */
    rightsOfPicture(pictureId: string) {
      const rights = sources.rightsOfPicture(pictureId);
      if (rights) return rights;
      throw new StudioError('not-found', `There is no picture “${pictureId}”.`, {
        kind: 'picture',
        id: pictureId,
      });
    },

    /** Whatever the pictures of the source do not say themselves follows. A known licence is written as SPDX does. */
    setRights(id: string, rights: Rights): Dataset {
      const { datasetId } = get(id);
      sources.setRights(id, { ...rights, licence: licenceName(rights.licence) });
      forget(datasetId);
      return dataset(datasetId);
    },
  };
}
