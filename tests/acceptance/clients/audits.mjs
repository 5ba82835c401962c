// Runs the audits of GraphQL over HTTP and prints one line for each: id, name, status and reason.
import { auditServer } from 'graphql-http';

for (const { id, name, status, reason } of await auditServer({ url: process.argv[2] })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
