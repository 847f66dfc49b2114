/** The device's own page as C source: firmware/app/fw_page.c is made of page.html by this. */
export function pageSource(html: Uint8Array): string {
  const lines: string[] = [];
  for (let i = 0; i < html.length; i += 24) lines.push(`  ${[...html.subarray(i, i + 24)].join(', ')},`);
  return `/* Made from page.html by scripts/make-page.ts. Do not edit. */
#include "fw_page.h"

const uint8_t fw_page[] = {
${lines.join('\n')}
};
const uint32_t fw_page_bytes = sizeof fw_page;
`;
}
