import importX from 'eslint-plugin-import-x';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

/**
 * The one-way import table. Each room of `src-main` lists the rooms it may import; whatever is not
 * listed is refused. `imaging-pure` stands for the files of imaging that touch neither sharp nor disk.
 */
const mayImport = {
  contract: [],
  workspace: ['contract'],
  store: ['contract'],
  imaging: ['contract'],
  engine: ['contract', 'imaging/pure'],
  studio: ['contract', 'store', 'workspace', 'imaging'],
  router: ['contract', 'studio'],
  shell: ['contract', 'router', 'studio', 'workspace'],
  serve: ['contract', 'router', 'studio', 'workspace'],
  cli: ['contract', 'router', 'studio', 'workspace', 'serve'],
};

const zones = [
  ...Object.entries(mayImport).map(([room, allowed]) => ({
    target: `./src-main/${room}`,
    from: './src-main',
    except: [`./${room}`, ...allowed.map((other) => `./${other}`)],
    message: `${room}/ may import only: ${['itself', ...allowed].join(', ')} (see CONTRIBUTING).`,
  })),
  {
    target: './src-renderer',
    from: './src-main',
    except: ['./contract'],
    message: 'The renderer knows the contract and nothing else of src-main.',
  },
  { target: './src-main', from: './src-renderer', message: 'src-main never imports the renderer.' },
  { target: './src-main', from: './tests', message: 'The product never imports its tests.' },
];

const packagesOnlyIn = (rooms, names, why) => ({
  files: ['src-main/**/*.ts'],
  ignores: rooms.map((name) => `src-main/${name}/**`),
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ group: names, message: why, allowTypeImports: false }] },
    ],
  },
});

export default tseslint.config(
  { ignores: ['out/**', 'node_modules/**', 'src-main/engine/kernels/assembly/**', '**/*.d.ts'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
  },
  {
    plugins: { 'import-x': importX },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-restricted-globals': ['error', { name: 'event', message: 'Use the handler argument.' }],
    },
  },
  packagesOnlyIn(['engine'], ['@tensorflow/*', 'webgpu'], 'Tensors live in the engine child process only.'),
  {
    files: ['src-renderer/**/*.{ts,vue}'],
    languageOptions: { globals: { window: 'readonly', document: 'readonly' } },
    rules: {
      'no-undef': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/no-undef-components': ['error', { ignorePatterns: ['RouterLink', 'RouterView', 'i18n-t'] }],
    },
  },
  {
    files: ['src-main/**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
);
