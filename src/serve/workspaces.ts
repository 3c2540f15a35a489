/**
 * Which folders are served. A workspace is a plain folder right below the root; what belongs to it (token, credentials,
 * claude's config folder, MCP servers) is kept in the claudex folder, where its claude does not work.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';
import { asHomeError, ensurePrivateDir } from '../home/private-folder.ts';
import { placeFile } from '../home/replace-file.ts';
import { isSameText } from '../http/who-may-ask.ts';

export interface Workspace {
  name: string;
  /** Its folder, without links. */
  dir: string;
  /** Where token, env file, MCP servers and claude's config folder are. */
  state: string;
  token: string;
  /** The token was made just now. */
  isNew: boolean;
}

/**
 * The workspaces below `root`: those named, or every folder that is no link and does not begin with a dot. Makes the state
 * folder and the token of each where they are missing.
 * @throws ClaudexError WORKSPACE_REFUSED for a root or a name that is no such folder
 */
export function findWorkspaces(root: string, names: readonly string[], serveDir: string): Workspace[] {
  const realRoot = realFolder(root);
  const wanted = names.length > 0 ? [...new Set(names)] : foldersIn(realRoot);
  if (wanted.length === 0) throw new ClaudexError('WORKSPACE_REFUSED', `${root} has no folder in it.`);
  const dirs = wanted.map((name) => ({ name, dir: workspaceFolder(realRoot, name) }));
  ensurePrivateDir(serveDir);
  return dirs.map(({ name, dir }) => {
    // two roots may have folders of one name
    const state = join(serveDir, `${name.slice(0, 100)}-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}`);
    ensurePrivateDir(state);
    ensurePrivateDir(join(state, 'claude'));
    return { name, dir, state, ...tokenIn(join(state, 'token')) };
  });
}

/**
 * The folder that a request asks for: the workspace's own, or one below it.
 * @param segments decoded parts of the path behind the workspace's name
 * @throws ClaudexError WORKSPACE_REFUSED for anything that is not inside, links followed
 */
export function folderOf(workspace: Workspace, segments: readonly string[]): string {
  const path = segments.join('/');
  if (segments.some((segment) => segment === '..' || /[/\\\0]/.test(segment)))
    throw refused(path, 'it is no path below it');
  // looked at anew each time: the folder itself may have become a link
  const root = realFolder(workspace.dir);
  const folder = realFolder(join(workspace.dir, ...segments));
  if (root !== workspace.dir || !isInside(folder, root)) throw refused(path, 'it leads out of the workspace');
  return folder;
}

/** The workspace whose token this is. Takes as long for a wrong token as for a right one. */
export function workspaceOfToken(workspaces: readonly Workspace[], token: string): Workspace | undefined {
  let found: Workspace | undefined;
  for (const workspace of workspaces) if (isSameText(workspace.token, token)) found = workspace;
  return found;
}

/**
 * The token in that file; a new one, 0600, where there is none.
 * @throws ClaudexError SERVE_START_FAILED for a file that holds none, HOME_UNWRITABLE
 */
export function tokenIn(path: string): { token: string; isNew: boolean } {
  try {
    const isNew = !existsSync(path) && placeFile(path, `cdx_${randomBytes(32).toString('base64url')}\n`);
    const token = readFileSync(path, 'utf8').trim();
    if (token.length >= 20) return { token, isNew };
  } catch (error) {
    throw asHomeError(error, dirname(path));
  }
  throw new ClaudexError('SERVE_START_FAILED', `${path} holds no token; remove it to get a new one.`);
}

/** Names are printed a line each, and put into headers of metrics. */
const controls = /[\x00-\x1f\x7f-\x9f]/;

function foldersIn(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !controls.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

function workspaceFolder(root: string, name: string): string {
  const dir = join(root, name);
  if (name === '' || name.startsWith('.') || /[/\\]/.test(name) || controls.test(name))
    throw refused(name, 'it is no name of a folder in the root');
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (!stat) throw refused(name, 'it is not there');
  if (stat.isSymbolicLink()) throw refused(name, 'it is a link');
  if (!stat.isDirectory()) throw refused(name, 'it is no folder');
  return realFolder(dir);
}

function realFolder(path: string): string {
  try {
    const real = realpathSync(path);
    if (lstatSync(real).isDirectory()) return real;
  } catch {
    // not there, or not ours to look at
  }
  throw refused(path, 'it is no folder');
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function refused(what: string, why: string): ClaudexError {
  return new ClaudexError('WORKSPACE_REFUSED', `${JSON.stringify(what)}: ${why}.`);
}
