import { expect, test } from 'vitest';
import { describeDetails, describeTarget } from '@/features/administration/auditDetails';

const entry = (action: string, target: string, details: unknown) => ({
  action,
  target,
  details: JSON.stringify(details),
});

test('a token is named by its name, or else by its id', () => {
  const created = entry('token.create', '0198', { name: 'Deploy', scopes: ['tasks:read', 'admin', 'new:scope'] });
  expect(describeTarget(created)).toBe('On API token “Deploy”');
  expect(describeDetails(created)).toEqual(['Permissions: Read tasks, Administer the workspace, new:scope']);
  expect(describeTarget(entry('token.revoke', '0198', {}))).toBe('On API token 0198');
});

test('an expiry is a date', () => {
  const [line] = describeDetails(entry('token.create', '0198', { expires_at: '2026-12-24T18:00:00+00:00' }));
  expect(line).toMatch(/^Expires .*2026/);
  expect(describeDetails(entry('token.create', '0198', { expires_at: 'soon' }))).toEqual(['expires_at: soon']);
});

test('a workspace has its id and its name', () => {
  const renamed = entry('workspace.rename', 'acme', { name: 'Acme Ltd' });
  expect(describeTarget(renamed)).toBe('On acme');
  expect(describeDetails(renamed)).toEqual(['Name: Acme Ltd']);
});

test('a session has no target but its method', () => {
  expect(describeTarget(entry('session.start', 'token', {}))).toBe('With an API token');
  expect(describeTarget(entry('session.refused', 'oidc', {}))).toBe('At an OpenID provider');
  expect(describeTarget(entry('session.start', 'passkey', {}))).toBe('On passkey');
  expect(describeTarget(entry('session.end', '', {}))).toBe('');
});

test('a reason that the page does not know is not changed', () => {
  const refused = (reason: string) => describeDetails(entry('session.refused', 'token', { reason }));
  expect(refused('The sign-in did not succeed. Start it again.')).toEqual(['Reason: The sign-in did not succeed.']);
  expect(refused('The moon is full.')).toEqual(['Reason: The moon is full.']);
});

test('details of an unknown form stay as they are', () => {
  const details = { name: 7, scopes: 'all', list: ['a', 'b'], nothing: null };
  expect(describeDetails(entry('task.paint', 'x', details))).toEqual([
    'name: 7',
    'scopes: all',
    'list: a b',
    'nothing: null',
  ]);
  for (const invalid of ['', '[', '"text"', 'null']) {
    expect(describeDetails({ action: 'task.paint', target: 'x', details: invalid })).toEqual([]);
  }
});
