/** The page imports the styles of single components of Mantine. This finds a component whose styles are missing. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const MANTINE = 'node_modules/@mantine';
const CORE = `${MANTINE}/core`;
const GLOBAL = ['baseline', 'default-css-variables', 'global'];

/** The modules of Mantine's components, by the name that the package exports. */
const modules = new Map(
  [...readFileSync(`${CORE}/esm/index.mjs`, 'utf8').matchAll(/import \{ ([^}]+) \} from "([^"]+)"/g)].flatMap(
    ([, names = '', path = '']) => names.split(', ').map((name) => [name, join(CORE, 'esm', path)] as const),
  ),
);

/** Return the names of the style sheets of these modules and of all that they import. */
function styleSheets(paths: string[]): Set<string> {
  const found = new Set<string>();
  const visited = new Set<string>();
  const visit = (path: string) => {
    if (visited.has(path) || !existsSync(path)) return;
    visited.add(path);
    const name = /(\w+)\.module\.mjs$/.exec(path)?.[1];
    if (name && path.startsWith(CORE)) found.add(name);
    const source = readFileSync(path, 'utf8');
    for (const [, imported = ''] of source.matchAll(/from "(\.[^"]+)"/g)) visit(join(dirname(path), imported));
    for (const [, names = ''] of source.matchAll(/import \{([^}]+)\} from ["']@mantine\/core["']/g)) {
      for (const imported of names.split(',')) visit(modules.get(imported.trim()) ?? '');
    }
  };
  paths.forEach(visit);
  return found;
}

const imported = [...readFileSync('src/app/mantine.css', 'utf8').matchAll(/styles\/([\w-]+)\.css/g)].map(
  ([, name = '']) => name,
);

test('each component that the page or another package of Mantine uses has its styles, and no other one', () => {
  const others = ['dates', 'notifications', 'spotlight'].flatMap((name) => globSync(`${MANTINE}/${name}/esm/**/*.mjs`));
  const needed = [...styleSheets([...globSync('src/**/*.{ts,tsx}'), ...others]), ...GLOBAL];
  expect(needed.length).toBeGreaterThan(30);
  expect([...imported].sort()).toEqual(needed.sort());
});

test("the styles are in Mantine's order", () => {
  const all = readFileSync(`${CORE}/styles.css`, 'utf8');
  const places = imported.map((name) => all.indexOf(readFileSync(`${CORE}/styles/${name}.css`, 'utf8').slice(0, 200)));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBe(0);
});
