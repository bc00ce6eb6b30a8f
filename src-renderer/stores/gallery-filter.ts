import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { GalleryFilter } from '../../src-main/contract/domain/images.ts';
import { useProjects } from './projects.ts';

/** What the gallery shows, kept in the address so that a reload and the way back find it again. */
export function useGalleryFilter() {
  const route = useRoute();
  const router = useRouter();
  const projects = useProjects();

  const query = (name: string) => {
    const value = route.query[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const change = (name: string, value: string | null) =>
    void router.replace({ query: { ...route.query, [name]: value ?? undefined } });
  const run = computed({ get: () => query('run'), set: (id) => change('run', id) });
  const starred = computed({
    get: () => query('starred') === '1',
    set: (only) => change('starred', only ? '1' : null),
  });
  const trashed = computed({
    get: () => query('trashed') === '1',
    set: (only) => change('trashed', only ? '1' : null),
  });
  const filter = computed<GalleryFilter>(() => ({
    ...(projects.currentId && !run.value ? { projectId: projects.currentId } : {}),
    ...(run.value ? { runId: run.value } : {}),
    ...(starred.value ? { starred: true } : {}),
    trashed: trashed.value,
  }));

  return { run, starred, trashed, filter };
}
