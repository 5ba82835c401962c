// Tests that Apollo Client can read an error that a request gets before its operation runs.
import assert from 'node:assert/strict';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';

const [uri, code, length] = process.argv.slice(2);
const client = new ApolloClient({ link: new HttpLink({ uri }), cache: new InMemoryCache() });
const query = gql`query ($text: String!) { searchTasks(query: $text) { nodes { id } } }`;
const failure = client.query({ query, variables: { text: 'x'.repeat(length) } });
const error = await failure.catch((thrown) => thrown);
assert.ok(CombinedGraphQLErrors.is(error), String(error));
assert.equal(error.errors[0].extensions.code, code);
console.log('ok');
