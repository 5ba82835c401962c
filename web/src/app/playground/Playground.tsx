import 'graphiql/setup-workers/webpack';
import 'graphiql/style.css';
import { GraphiQL } from 'graphiql';
import { safeLocalStorage } from '@/ui/safeStorage';
import { EXAMPLES } from './examples';
import { fetcher } from './fetcher';

/** Asks the service to report what each request cost, in `extensions.cache`. */
const TRACE_HEADERS = JSON.stringify({ 'X-Millitask-Trace': '1' }, null, 2);

/** By itself, GraphiQL does not start if the browser blocks its storage. */
const STORAGE = safeLocalStorage();

/** GraphiQL for this service, with an example operation in each tab. */
export default function Playground() {
  return (
    <main aria-label="Playground" style={{ height: '100dvh' }}>
      <h1 hidden>Playground</h1>
      <GraphiQL
        fetcher={fetcher}
        storage={STORAGE}
        defaultTabs={EXAMPLES.map((example) => ({ headers: TRACE_HEADERS, ...example }))}
        defaultHeaders={TRACE_HEADERS}
        shouldPersistHeaders
      >
        <GraphiQL.Logo>Millitask</GraphiQL.Logo>
      </GraphiQL>
    </main>
  );
}
