import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Decision } from '../../src-main/contract/domain/cleaning.ts';
import type { PictureChoice, PictureEdits, PictureFacts } from '../../src-main/contract/domain/pictures.ts';
import { client } from '../client/studio-client.ts';
import { useCleaning } from './cleaning.ts';
import { useDatasets } from './datasets.ts';

/** What is known of pictures beside their pixels; `revisions` counts how often that of a dataset changed. */
export const usePictures = defineStore('pictures', () => {
  const cleaning = useCleaning();
  const datasets = useDatasets();
  const revisions = ref(new Map<string, number>());

  const changed = async (id: string): Promise<void> => {
    revisions.value.set(id, (revisions.value.get(id) ?? 0) + 1);
    await datasets.refresh(id);
  };

  const facts = (id: string, choice: PictureChoice): Promise<PictureFacts> =>
    client.pictures.facts({ id, choice });

  /** Sets values by hand or gives them back; the decision is null where that changed nothing. */
  async function edit(
    id: string,
    choice: PictureChoice,
    edits: PictureEdits,
  ): Promise<{ facts: PictureFacts; decision: Decision | null }> {
    const answer = await client.pictures.edit({ id, choice, edits });
    if (answer.decision) await Promise.all([changed(id), cleaning.refresh(id)]);
    return answer;
  }

  /** Takes an edit back, if nothing else was decided since. */
  async function takeBack(id: string, decision: Decision): Promise<void> {
    await cleaning.undo(id, decision.id);
    await changed(id);
  }

  return { revisions, facts, edit, takeBack };
});
