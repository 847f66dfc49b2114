/** The page's content security policy, once: a meta element for hosts without headers; `tinylm studio` sends it as a header. */
import type { Plugin } from 'vite';
import { CONTENT_SECURITY_POLICY } from '../src/node/site-headers.js';

export function policy(): Plugin {
  return {
    name: 'tinylm-policy',
    apply: 'build',
    transformIndexHtml: () => [
      // frame-ancestors counts in a header only
      {
        tag: 'meta',
        attrs: {
          'http-equiv': 'Content-Security-Policy',
          content: CONTENT_SECURITY_POLICY.replace(/; frame-ancestors [^;]*/, ''),
        },
        injectTo: 'head-prepend',
      },
    ],
  };
}
