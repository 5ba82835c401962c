import { defineConfig } from 'vitest/config';

/** Unit tests of the logic outside the components. They run in Node.js; tests/acceptance/web runs the page in a browser. */
export default defineConfig({
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    // What is known of tasks that are gone is tested with the sessionStorage of Node.js, which keeps it in memory.
    execArgv: ['--experimental-webstorage'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Hooks and components need a page: the browser tests cover them.
      exclude: ['src/gql/**', 'src/catalog/**', 'src/**/use*.ts', 'src/app/**'],
      reporter: ['text'],
      reportsDirectory: 'node_modules/.coverage',
    },
  },
});
