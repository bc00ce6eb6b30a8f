import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import type { Project } from '../../src-main/contract/domain/projects.ts';
import { client } from '../client/studio-client.ts';

const currentKey = 'imago-project';

/** All projects, newest first, and the one in front; null in front means all of them. */
export const useProjects = defineStore('projects', () => {
  const projects = ref<Project[]>([]);
  const loaded = ref(false);
  const currentId = ref<string | null>(localStorage.getItem(currentKey));
  const current = computed(() => projects.value.find((project) => project.id === currentId.value) ?? null);

  watch(currentId, (id) => {
    if (id) localStorage.setItem(currentKey, id);
    else localStorage.removeItem(currentKey);
  });

  async function load() {
    const listed = await client.projects.list();
    projects.value = listed.sort((a, b) => b.createdAt - a.createdAt);
    if (currentId.value && !listed.some((project) => project.id === currentId.value)) currentId.value = null;
    loaded.value = true;
  }

  async function create(name: string): Promise<Project> {
    const project = await client.projects.create({ name });
    projects.value = [project, ...projects.value];
    currentId.value = project.id;
    return project;
  }

  async function rename(id: string, name: string) {
    const renamed = await client.projects.rename({ id, name });
    projects.value = projects.value.map((project) => (project.id === id ? renamed : project));
  }

  async function trash(id: string) {
    await client.projects.trash({ id });
    await load();
  }

  async function restore(id: string) {
    await client.projects.restore({ id });
    await load();
  }

  return { projects, loaded, currentId, current, load, create, rename, trash, restore };
});
