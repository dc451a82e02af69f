// Makes the sprite of the icons that src/ui/icons.ts names.
import { readFileSync, writeFileSync } from 'node:fs';

const names = [...readFileSync('src/ui/icons.ts', 'utf8').matchAll(/^ {2}'([\w-]+)',$/gm)].map(([, name]) => name);
const symbols = names.map((name) => {
  const drawn = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, 'utf8').replace(/<!--.*?-->/s, '');
  const inner = drawn
    .slice(drawn.indexOf('>') + 1, drawn.lastIndexOf('</svg>'))
    .replace(/\s+/g, ' ')
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
});
const licence = '<!-- Lucide, ISC and MIT licences: https://lucide.dev/license -->';
writeFileSync(
  'src/ui/icons.svg',
  `<svg xmlns="http://www.w3.org/2000/svg">${licence}\n${symbols.join('\n')}\n</svg>\n`,
);
