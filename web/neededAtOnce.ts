/** Finds the modules that the page needs before it loads any other with `import()`. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const IMPORT = /^(?:import|export) (?!type )(?:[^;']*? from )?'(?<path>[^']+)'/gm;
/** Return the sources of these modules, which are under `src`. */
export function sourcesNeededAtOnce(): string[] {
  const sources = new Map<string, string>();
  const visit = (path: string) => {
    if (sources.has(path)) return;
    const source = readFileSync(path, 'utf8');
    sources.set(path, source);
    for (const { groups } of source.matchAll(IMPORT)) {
      const found = resolveModule(dirname(path), groups?.path ?? '');
      if (found) visit(found);
    }
  };
  globSync('src/app/**/*.{ts,tsx}').forEach(visit);
  return [...sources.values()];
}

/** Return the path of a module of the page, or undefined for a package, a style sheet or a catalogue. */
function resolveModule(folder: string, name: string): string | undefined {
  if (!/^(?:@\/|\.)/.test(name)) return undefined;
  const path = name.startsWith('@/') ? name.replace('@', 'src') : join(folder, name);
  return ['.ts', '.tsx', '/index.ts'].map((ending) => path + ending).find((candidate) => existsSync(candidate));
}
