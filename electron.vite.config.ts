import { defineConfig } from 'electron-vite';
import { dirname, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';

const root = import.meta.dirname;
const sources = resolve(root, 'src-main') + sep;
const mainOutput = resolve(root, 'out', 'main');

/**
 * Lets bundled sources find what lies beside them: in the bundle, `import.meta` of each module speaks of the
 * source file it came from, as it does when the sources run as they are.
 */
function sourcePlaces(): Plugin {
  return {
    name: 'source-places',
    enforce: 'pre',
    transform(code, id) {
      const file = resolve(id.split('?')[0] ?? id);
      if (!file.startsWith(sources) || !code.includes('import.meta.')) return null;
      const place = (path: string) => JSON.stringify(relative(mainOutput, path).replaceAll(sep, '/'));
      return code
        .replaceAll('import.meta.url', `new URL(${place(file)}, import.meta.url).href`)
        .replaceAll(
          'import.meta.filename',
          `process.getBuiltinModule('node:url').fileURLToPath(new URL(${place(file)}, import.meta.url))`,
        )
        .replaceAll(
          'import.meta.dirname',
          `process.getBuiltinModule('node:url').fileURLToPath(new URL(${place(dirname(file))}, import.meta.url))`,
        );
    },
  };
}

/** The Electron main process and its preload; the page is built once for all faces by src-renderer's own config. */
export default defineConfig({
  main: {
    plugins: [sourcePlaces()],
    build: {
      outDir: mainOutput,
      emptyOutDir: true,
      rolldownOptions: {
        input: { shell: resolve(root, 'src-main', 'shell', 'main.ts') },
        output: { format: 'es', entryFileNames: '[name].js', codeSplitting: false },
      },
    },
  },
  preload: {
    build: {
      outDir: resolve(root, 'out', 'preload'),
      emptyOutDir: true,
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: resolve(root, 'src-main', 'shell', 'preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
});
