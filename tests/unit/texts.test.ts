import { parse } from 'vue/compiler-sfc';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src-main/contract/errors.ts';
import { runStates } from '../../src-main/contract/domain/runs.ts';

const renderer = join(import.meta.dirname, '..', '..', 'src-renderer');

type Texts = { [key: string]: string | Texts };

/** `area.key.key` → text. */
function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') flat.set(prefix + key, value);
    else for (const [name, text] of flatten(value, `${prefix}${key}.`)) flat.set(name, text);
  }
  return flat;
}

async function textsOf(language: 'en' | 'zh'): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const file of readdirSync(join(renderer, 'i18n', language))) {
    const area = (await import(join(renderer, 'i18n', language, file))) as { default: Texts };
    const prefix = `${file.replace(/\.ts$/, '')}.`;
    for (const [key, text] of flatten(area.default, prefix)) all.set(key, text);
  }
  return all;
}

const sources = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(vue|ts)$/.test(name) && !name.startsWith('i18n/en') && !name.startsWith('i18n/zh'))
  .map((name) => ({ name, text: readFileSync(join(renderer, name), 'utf8') }));

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

interface TemplateNode {
  type: number;
  tag?: string;
  content?: string | object;
  children?: TemplateNode[];
  props?: { type: number; name: string; value?: { content: string } }[];
}

/** Letters in a template that no translation reaches: text between tags, and attributes that are read out. */
function literals(node: TemplateNode): string[] {
  const textNode = 2;
  const plainAttribute = 6;
  const found: string[] = [];
  // Names of keys are the same everywhere.
  if (node.tag === 'kbd') return [];
  if (node.type === textNode && typeof node.content === 'string') found.push(node.content);
  for (const prop of node.props ?? []) {
    const spoken = ['title', 'alt', 'placeholder', 'aria-label', 'label'].includes(prop.name);
    if (prop.type === plainAttribute && spoken && prop.value) found.push(prop.value.content);
  }
  for (const child of node.children ?? []) found.push(...literals(child));
  return found.filter((text) => /\p{L}/u.test(text));
}

describe('Texts of the renderer', () => {
  it('exist in both languages under the same keys', async () => {
    const [en, zh] = [await textsOf('en'), await textsOf('zh')];
    expect([...zh.keys()].sort()).toEqual([...en.keys()].sort());
    const saidInOnlyOne = [...en].filter(([key, text]) => (text === '') !== (zh.get(key) === ''));
    expect(saidInOnlyOne.map(([key]) => key)).toEqual([]);
  });

  it('take the same values in both languages', async () => {
    const [en, zh] = [await textsOf('en'), await textsOf('zh')];
    const different = [...en].filter(
      ([key, text]) => placeholders(zh.get(key) ?? '').join() !== placeholders(text).join(),
    );
    expect(different.map(([key]) => key)).toEqual([]);
  });

  it('are there for every key that the code names', async () => {
    const en = await textsOf('en');
    const areas = [...en.keys()];
    const missing: string[] = [];
    for (const { name, text } of sources) {
      for (const [, key] of text.matchAll(/\bt\(\s*'([^']+)'/g)) {
        if (key && !en.has(key)) missing.push(`${name}: ${key}`);
      }
      // A key with a part that is known only when it runs: some text must lie under its beginning.
      for (const [, beginning] of text.matchAll(/\bt\(\s*`([^`$]+)\$\{/g)) {
        if (beginning && !areas.some((key) => key.startsWith(beginning)))
          missing.push(`${name}: ${beginning}…`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('word every failure and every state of a run', async () => {
    const en = await textsOf('en');
    const wanted = [
      ...errorCodes.map((code) => `errors.${code}`),
      'errors.unexpected',
      ...runStates.map((state) => `common.state.${state}`),
    ];
    expect(wanted.filter((key) => !en.has(key))).toEqual([]);
  });

  it('are never written into a template', () => {
    const components = sources.filter(({ name }) => name.endsWith('.vue'));
    expect(components.length).toBeGreaterThan(20);
    const found = components.flatMap(({ name, text }) => {
      const root = parse(text).descriptor.template?.ast as unknown as TemplateNode | undefined;
      return (root ? literals(root) : []).map((literal) => `${name}: ${literal.trim()}`);
    });
    expect(found).toEqual([]);
  });

  it('use full-width punctuation between Chinese characters', async () => {
    const zh = await textsOf('zh');
    const wrong = [...zh].filter(([, text]) => /\p{Script=Han}[,:;?!]|[,:;?!]\p{Script=Han}/u.test(text));
    expect(wrong.map(([key]) => key)).toEqual([]);
  });
});
