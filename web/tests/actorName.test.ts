import { describe, expect, test } from 'vitest';
import { actorName } from '@/features/administration/actorName';

const ID = '0198c0de-0000-7000-8000-000000000001';

describe('the name of an actor', () => {
  test('of a token is its name if it is known, or else its id', () => {
    expect(actorName(`token:${ID}`, 'CI: nightly')).toBe('API token “CI: nightly”');
    expect(actorName(`token:${ID}`, null)).toBe(`API token ${ID}`);
  });

  test('of a person is the subject and the host of the issuer', () => {
    expect(actorName('https://id.example.com/realms/a#ada#1')).toBe('ada#1 at id.example.com');
  });

  test('of the command line is its user', () => {
    expect(actorName('cli:ada')).toBe('ada (command line)');
  });

  test('of an anonymous caller says so', () => {
    expect(actorName('anonymous')).toBe('a caller who is not signed in');
  });

  test('of an unknown kind is the actor itself', () => {
    for (const actor of ['a test', '', 'a#b', 'https://id.example.com']) expect(actorName(actor)).toBe(actor);
  });
});
