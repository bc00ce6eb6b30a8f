import { createHash } from 'node:crypto';

const style =
  ':root{color-scheme:dark light}body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem}';

/** The content policy of this page alone: its one style element, by its hash, and nothing else at all. */
export const lockedPagePolicy = `default-src 'none'; frame-ancestors 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`;

const page = (language: string, title: string, lines: readonly string[]) => `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style>
</head>
<body><h1>${title}</h1>${lines.map((line) => `<p>${line}</p>`).join('')}</body>
</html>
`;

/**
 * What a browser sees that has not come through a one-time address, or whose studio was started anew.
 *
 * @param acceptLanguage the request header; decides between English and Chinese
 */
export function lockedPage(acceptLanguage = 'en'): string {
  return /^\s*zh\b/i.test(acceptLanguage)
    ? page('zh-CN', 'Imago Studio 已上锁', [
        '打开本页的地址只能使用一次:它已被用过,或工作室已重新启动。',
        '请回到启动 Imago Studio 的终端,打开其中最新打印的地址。',
      ])
    : page('en', 'Imago Studio is locked', [
        'The address that opens it works once. This one has been used, or the studio was started anew.',
        'Go to the terminal that Imago Studio was started in, and open the newest address printed there.',
      ]);
}
