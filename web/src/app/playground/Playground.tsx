import 'graphiql/setup-workers/webpack';
import 'graphiql/style.css';
import { GraphiQL } from 'graphiql';
import { examples } from './examples';
import { fetcher } from './fetcher';

const TRACE = JSON.stringify({ 'X-Millitask-Trace': '1' }, null, 2);

/** GraphiQL against this service, with an operation to try in each tab. */
export default function Playground() {
  return (
    <main aria-label="Playground" style={{ height: '100dvh' }}>
      <h1 hidden>Playground</h1>
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={examples.map((example) => ({ headers: TRACE, ...example }))}
        defaultHeaders={TRACE}
        shouldPersistHeaders
      >
        <GraphiQL.Logo>Millitask</GraphiQL.Logo>
      </GraphiQL>
    </main>
  );
}
