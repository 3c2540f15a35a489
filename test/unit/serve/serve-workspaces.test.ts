/** Which folders are served, which paths are refused, tokens, and what environment a workspace's claude gets. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workspaceLaunch } from '../../../src/serve/workspace-launch.ts';
import { findWorkspaces, folderOf, tokenIn, type Workspace, workspaceOfToken } from '../../../src/serve/workspaces.ts';
import { verifies } from '../../requirements.ts';

let base: string;
let root: string;
let serve: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'cx-serve-'));
  root = join(base, 'root');
  serve = join(base, 'claudex', 'serve');
  mkdirSync(join(root, 'api', 'sub', 'deep'), { recursive: true });
  mkdirSync(join(root, 'web'));
  mkdirSync(join(root, '.hidden'));
  mkdirSync(join(base, 'outside'));
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(base, 'outside'), join(root, 'linked'));
  symlinkSync('api', join(root, 'alias'));
});

afterEach(() => rmSync(base, { recursive: true }));

const find = (...names: string[]): Workspace[] => findWorkspaces(root, names, serve);
const refused = (work: () => unknown, why = ''): void =>
  expect(work).toThrow(expect.objectContaining({ code: 'WORKSPACE_REFUSED', message: expect.stringContaining(why) }));

describe(`workspaces ${verifies('serve-guarded')}`, () => {
  it('are the plain folders right below the root, or those named', () => {
    expect(find().map(({ name }) => name)).toEqual(['api', 'web']);
    expect(find('web', 'web').map(({ name, dir }) => ({ name, dir }))).toEqual([
      { name: 'web', dir: join(root, 'web') },
    ]);
  });

  it('are found below a root that is itself reached by a link', () => {
    symlinkSync(root, join(base, 'link-to-root'));
    expect(findWorkspaces(join(base, 'link-to-root'), ['api'], serve)[0]!.dir).toBe(join(root, 'api'));
  });

  const noName = 'it is no name of a folder in the root';
  it.each([
    ['..', noName],
    ['.', noName],
    ['../outside', noName],
    ['/etc', noName],
    ['api/sub', noName],
    ['api/..', noName],
    ['a\\b', noName],
    ['', noName],
    ['.hidden', noName],
    ['a\nb', noName],
    ['a\0b', noName],
    ['linked', 'it is a link'],
    ['alias', 'it is a link'],
    ['file', 'it is no folder'],
    ['no', 'it is not there'],
  ])('are not named %j: %s', (name, why) => refused(() => find(name), `${JSON.stringify(name)}: ${why}.`));

  it('are in the order of their names, without those that could not be printed in a line', () => {
    mkdirSync(join(root, 'Zoo'));
    mkdirSync(join(root, 'a\nb'));
    mkdirSync(join(root, 'an'));
    expect(find().map(({ name }) => name)).toEqual(['Zoo', 'an', 'api', 'web']);
  });

  it('need a root that is there and has folders', () => {
    refused(() => findWorkspaces(join(base, 'no'), [], serve), 'it is no folder');
    refused(() => findWorkspaces(join(root, 'file'), [], serve), 'it is no folder');
    refused(() => findWorkspaces(join(base, 'outside'), [], serve), `${join(base, 'outside')} has no folder in it.`);
  });

  it('keep it in a folder whose name can be told, and is never too long', () => {
    const name = 'n'.repeat(255);
    mkdirSync(join(root, name));
    const [state] = find(name).map((one) => basename(one.state));
    expect(state).toMatch(/^n{100}-[0-9a-f]{8}$/);
  });

  it('keep what is theirs apart, readable by nobody else, also for folders of one name', () => {
    mkdirSync(join(base, 'other', 'api'), { recursive: true });
    const all = [...find(), ...findWorkspaces(join(base, 'other'), [], serve)];
    expect(new Set(all.map(({ state }) => state)).size).toBe(3);
    expect(new Set(all.map(({ token }) => token)).size).toBe(3);
    for (const { state, token, isNew } of all) {
      expect(isNew).toBe(true);
      expect(statSync(state).mode & 0o777).toBe(0o700);
      expect(statSync(join(state, 'token')).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(state, 'token'), 'utf8')).toBe(`${token}\n`);
      expect(statSync(join(state, 'claude')).mode & 0o777).toBe(0o700);
    }
    expect(find().map(({ token, isNew }) => ({ token, isNew }))).toEqual(
      all.slice(0, 2).map(({ token }) => ({ token, isNew: false })),
    );
  });
});

describe(`a folder in a workspace ${verifies('serve-guarded')}`, () => {
  it('is the workspace or one below it', () => {
    const [api] = find('api');
    symlinkSync('deep', join(root, 'api', 'sub', 'inner-link'));
    expect(folderOf(api!, [])).toBe(join(root, 'api'));
    expect(folderOf(api!, ['sub', 'deep'])).toBe(join(root, 'api', 'sub', 'deep'));
    expect(folderOf(api!, ['sub', 'inner-link'])).toBe(join(root, 'api', 'sub', 'deep'));
    expect(folderOf(api!, ['', '.'])).toBe(join(root, 'api'));
  });

  it('is never outside', () => {
    const [api] = find('api');
    symlinkSync(join(base, 'outside'), join(root, 'api', 'out'));
    symlinkSync('../web', join(root, 'api', 'other'));
    writeFileSync(join(root, 'api', 'file'), '');
    mkdirSync(join(root, 'api-2'));
    for (const way of [
      ['..'],
      ['..', 'web'],
      ['sub', '..', '..', 'web'],
      ['../web'],
      ['..\\web'],
      ['out'],
      ['other'],
    ]) {
      refused(() => folderOf(api!, way));
    }
    for (const way of [['..', 'api-2'], ['file'], ['no'], ['/etc'], ['a\0']]) refused(() => folderOf(api!, way));
  });

  it('is refused with its reason: a way that is no path is not even looked at', () => {
    const [api] = find('api');
    mkdirSync(join(root, 'api', 'a\\b'));
    symlinkSync(join(base, 'outside'), join(root, 'api', 'out'));
    symlinkSync('..', join(root, 'api', 'up'));
    for (const way of [['sub', '..'], ['sub/deep'], ['a\\b'], ['\0']]) {
      refused(() => folderOf(api!, way), `${JSON.stringify(way.join('/'))}: it is no path below it.`);
    }
    for (const way of [['out'], ['up']]) refused(() => folderOf(api!, way), 'it leads out of the workspace');
    refused(() => folderOf(api!, ['no']), 'it is no folder');
    // two dots at the beginning of a name lead nowhere
    mkdirSync(join(root, 'api', '..x'));
    expect(folderOf(api!, ['..x'])).toBe(join(root, 'api', '..x'));
  });

  it('is refused once the workspace itself has become a link', () => {
    const [api] = find('api');
    renameSync(join(root, 'api'), join(root, 'moved'));
    symlinkSync(join(base, 'outside'), join(root, 'api'));
    refused(() => folderOf(api!, []));
  });
});

describe(`tokens ${verifies('serve-guarded')}`, () => {
  it('find their workspace and no other', () => {
    const all = find();
    for (const one of all) expect(workspaceOfToken(all, one.token)).toBe(one);
    for (const wrong of ['', 'x', all[0]!.token.slice(0, -1), `${all[0]!.token}x`]) {
      expect(workspaceOfToken(all, wrong)).toBeUndefined();
    }
  });

  it('are long, random, and never an empty file', () => {
    const { token } = tokenIn(join(base, 'one'));
    expect(token).toMatch(/^cdx_[\w-]{43}$/);
    writeFileSync(join(base, 'two'), '\n');
    expect(() => tokenIn(join(base, 'two'))).toThrow(
      expect.objectContaining({
        code: 'SERVE_START_FAILED',
        message: expect.stringContaining(`${join(base, 'two')} holds no token; remove it to get a new one.`),
      }),
    );
    writeFileSync(join(base, 'short'), 'x'.repeat(19));
    expect(() => tokenIn(join(base, 'short'))).toThrow('holds no token');
    writeFileSync(join(base, 'own'), ` ${'x'.repeat(20)}\n`);
    expect(tokenIn(join(base, 'own'))).toEqual({ token: 'x'.repeat(20), isNew: false });
  });

  it('that cannot be read are not taken for empty ones', () => {
    mkdirSync(join(base, 'folder'));
    expect(() => tokenIn(join(base, 'folder'))).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  });
});

describe(`what a workspace’s claude starts with ${verifies('serve-isolated')}`, () => {
  const env = {
    PATH: '/bin',
    HOME: '/h',
    LC_ALL: 'C',
    ANTHROPIC_API_KEY: 'server',
    CLAUDE_CODE_X: '1',
    AWS_PROFILE: 'p',
  };
  const launch = (workspace: Workspace) =>
    workspaceLaunch('/claude', workspace, { model: 'sonnet', system: 'be brief', cwd: workspace.dir }, env);

  it('is its own environment and nothing of the server’s that steers or pays', () => {
    const [api, web] = find();
    writeFileSync(join(api!.state, 'env'), '# mine\nANTHROPIC_API_KEY="key of api"\nEXTRA=1\n');
    expect(launch(api!).env).toEqual({
      PATH: '/bin',
      HOME: '/h',
      LC_ALL: 'C',
      CLAUDE_CONFIG_DIR: join(api!.state, 'claude'),
      ANTHROPIC_API_KEY: 'key of api',
      EXTRA: '1',
    });
    expect(launch(web!).env).toEqual({
      PATH: '/bin',
      HOME: '/h',
      LC_ALL: 'C',
      CLAUDE_CONFIG_DIR: join(web!.state, 'claude'),
    });
  });

  it('is its own MCP servers', () => {
    const [api, web] = find();
    writeFileSync(join(api!.state, 'mcp.json'), '{}');
    expect(launch(api!).args).toEqual(expect.arrayContaining(['--mcp-config', join(api!.state, 'mcp.json')]));
    expect(launch(web!).args).toEqual([
      '--include-partial-messages',
      '--model=sonnet',
      '--append-system-prompt=be brief',
    ]);
  });
});
