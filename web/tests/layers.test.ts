import { globSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { expect, test } from 'vitest';

/** From the top to the bottom: a layer may import the layers that follow it. */
const LAYERS = ['app', 'features', 'apollo', 'ui'];

const modules = new Map(
  globSync('src/**/*.{ts,tsx}')
    .filter((path) => !/^src\/(gql|catalog)\//.test(path))
    .map((path) => [path.replace(/^src\/|\.tsx?$/g, ''), readFileSync(path, 'utf8')]),
);

function importsOf(name: string): string[] {
  const specifiers = [...(modules.get(name) ?? '').matchAll(/(?:from |import\()'(@\/|\.\/)([^']+)'/g)];
  return specifiers
    .map(([, prefix, path]) => (prefix === '@/' ? String(path) : posix.join(dirname(name), String(path))))
    .filter((path) => modules.has(path));
}

/** Return the folder of a feature, or the layer of any other module. */
function folderOf(name: string): string {
  const [layer = '', feature = ''] = name.split('/');
  return layer === 'features' ? `${layer}/${feature}` : layer;
}

function findCycle(graph: Map<string, string[]>): string[] | undefined {
  const finished = new Set<string>();
  const visit = (node: string, path: string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (finished.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle) return cycle;
    }
    finished.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
}

test('the imports of every module are found', () => {
  expect(modules.size).toBeGreaterThan(80);
  expect(importsOf('features/tasks-page/TasksPage')).toContain('features/task-list/TaskGrid');
});

test('no layer imports a layer above it', () => {
  const layer = (name: string) => LAYERS.indexOf(name.split('/')[0] ?? '');
  const upward = [...modules.keys()].flatMap((name) =>
    importsOf(name)
      .filter((imported) => layer(imported) < layer(name))
      .map((imported) => `${name} imports ${imported}`),
  );
  expect(upward).toEqual([]);
});

test('no module imports itself through others', () => {
  expect(findCycle(new Map([...modules.keys()].map((name) => [name, importsOf(name)])))).toBeUndefined();
});

test('no feature imports itself through other features', () => {
  const folders = new Map<string, string[]>();
  for (const name of modules.keys()) {
    const folder = folderOf(name);
    const imported = importsOf(name)
      .map(folderOf)
      .filter((other) => other !== folder);
    folders.set(folder, [...(folders.get(folder) ?? []), ...imported]);
  }
  expect(findCycle(folders)).toBeUndefined();
});
