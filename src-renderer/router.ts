import { createRouter, createWebHashHistory } from 'vue-router';
import DatasetView from './views/DatasetView.vue';
import DatasetsView from './views/DatasetsView.vue';
import HomeView from './views/HomeView.vue';
import SettingsView from './views/SettingsView.vue';
import WizardView from './views/WizardView.vue';

/** Every screen by name; the heavier ones (charts, galleries) are fetched when they are first opened. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'home', component: HomeView },
    { path: '/new', name: 'new-project', component: WizardView },
    {
      path: '/train',
      name: 'train',
      redirect: (to) => ({ name: 'new-project', query: to.query }),
    },
    { path: '/data', name: 'datasets', component: DatasetsView },
    { path: '/data/:id', name: 'dataset', component: DatasetView, props: true },
    { path: '/runs', name: 'runs', component: () => import('./views/RunsView.vue') },
    { path: '/runs/:id', name: 'run', component: () => import('./views/RunView.vue'), props: true },
    { path: '/generate', name: 'generate', component: () => import('./views/GenerateView.vue') },
    { path: '/repair', name: 'repair', component: () => import('./views/RepairView.vue') },
    { path: '/gallery', name: 'gallery', component: () => import('./views/GalleryView.vue') },
    { path: '/export', name: 'export', component: () => import('./views/ExportView.vue') },
    { path: '/settings', name: 'settings', component: SettingsView },
    { path: '/:rest(.*)*', redirect: { name: 'home' } },
  ],
});
