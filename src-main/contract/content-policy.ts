/**
 * What the studio's page may load, in either face: its own files and the studio's pictures. Nothing remote, no
 * inline scripts or styles (Vue sets styles through the CSSOM, which is no inline style), no frames.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' imago-media: data: blob:",
  "font-src 'self'",
  "connect-src 'self' imago-media:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer that carries a part of the page or a picture. */
export const protectiveHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};
