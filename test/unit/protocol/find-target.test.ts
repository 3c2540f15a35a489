import { describe, expect, it } from 'vitest';
import { findTarget } from '../../../src/protocol/find-target.ts';
import { verifies } from '../../requirements.ts';

const api = { id: 'aaaa2222', name: 'api', cwd: '/work/api' };
const web = { id: 'bbbb3333', name: 'Web', cwd: '/work/Web' };
const otherApi = { id: 'cccc4444', name: 'api', cwd: '/old/api' };
const trap = { id: 'dddd5555', name: 'aaaa2222', cwd: '/x/aaaa2222' };

describe(`find-target ${verifies('target')}`, () => {
  it.each([
    ['aaaa2222', api],
    ['api', api],
    ['API', api],
    ['web', web],
    ['/work/api', api],
    ['/work/api/', api],
  ])('%s', (target, found) => {
    expect(findTarget(target, [api, web])).toBe(found);
  });

  it('an id goes before a name', () => {
    expect(findTarget('aaaa2222', [trap, api])).toBe(api);
  });

  it(`a name that was given goes before a folder, and claude's own beside it ${verifies('session-name')}`, () => {
    const named = { ...otherApi, alias: 'Web' };
    expect(findTarget('web', [web, named])).toBe(named);
    expect(findTarget('web', [web, { ...otherApi, alias: null, claudeName: null }])).toBe(web);
    expect(findTarget('my talk', [web, { ...otherApi, claudeName: 'My talk' }])).toMatchObject({ id: 'cccc4444' });
    expect(() => findTarget('web', [web, { ...otherApi, claudeName: 'web' }])).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS_TARGET' }),
    );
  });

  it('an empty one is nobody, also where a session has no name', () => {
    const inRoot = { id: 'eeee6666', name: '', cwd: '/', claudeName: null };
    expect(() => findTarget('', [api, inRoot])).toThrow(expect.objectContaining({ code: 'NO_SUCH_SESSION' }));
  });

  it('a path is exact', () => {
    for (const target of ['/work', '/work/API', '/', '/work/api/src']) {
      expect(() => findTarget(target, [api, web])).toThrow(expect.objectContaining({ code: 'NO_SUCH_SESSION' }));
    }
    expect(findTarget('/old/api', [api, otherApi])).toBe(otherApi);
  });

  it('lists ids and paths when it could be several', () => {
    expect(() => findTarget('api', [api, otherApi, web])).toThrow(
      expect.objectContaining({
        code: 'AMBIGUOUS_TARGET',
        facts: '"api" could be: aaaa2222 (/work/api), cccc4444 (/old/api).',
      }),
    );
  });

  it('lists who is live when it is nobody', () => {
    expect(() => findTarget('db', [api])).toThrow(
      expect.objectContaining({ code: 'NO_SUCH_SESSION', facts: 'Asked for "db"; live: aaaa2222 (/work/api).' }),
    );
    expect(() => findTarget('db', [])).toThrow(expect.objectContaining({ facts: 'Asked for "db"; nobody is live.' }));
  });

  it('takes the two ways to write an accented letter for one', () => {
    const live = [{ id: 'a', name: 'caf\u00e9', cwd: '/work/caf\u00e9' }];
    for (const target of ['caf\u00e9', 'cafe\u0301', 'CAFE\u0301', '/work/cafe\u0301']) {
      expect(findTarget(target, live).id, target).toBe('a');
    }
    expect(() => findTarget('cafe', live)).toThrow('live: a (/work/café)');
  });

  it('names who is live as the person has', () => {
    const live = [{ id: 'a', name: 'api', cwd: '/work/api', alias: 'reviewer' }];
    expect(() => findTarget('nosuch', live)).toThrow('live: a (reviewer, /work/api)');
  });
});
