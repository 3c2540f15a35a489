/**
 * Workspaces: folders below one root, each with a claude of its own. What is in a workspace's folder is all that its claude
 * gets: where it works, its configuration and credentials, its MCP servers, its environment.
 *
 *   <root>/<name>/work       where claude works; what a caller may read and change
 *   <root>/<name>/claude     CLAUDE_CONFIG_DIR: settings, credentials, MCP servers, transcripts
 *   <root>/<name>/env.json   variables, such as ANTHROPIC_API_KEY (optional)
 */
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ClaudexError, systemErrorCode } from '../errors.ts';
import { type ClaudexClient, type ClientOptions, createClient, type RunOptions } from '../warm/client.ts';

/** No dot at the start, no separator: a name cannot lead out of the root. */
const validName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export interface Workspace {
  name: string;
  client: ClaudexClient;
  /** What each of its requests is run with. */
  base: Pick<RunOptions, 'cwd' | 'env'>;
}

export class Workspaces {
  readonly #root: string;
  readonly #limits: ClientOptions;
  readonly #open = new Map<string, Workspace>();

  /** @param root a folder that is there */
  constructor(root: string, limits: ClientOptions) {
    this.#root = realpathSync(root);
    this.#limits = limits;
  }

  /** @throws ClaudexError NO_SUCH_WORKSPACE, also for whatever lies outside the root */
  find(name: string): Workspace {
    const known = this.#open.get(name);
    if (known) return known;
    const folder = validName.test(name) ? this.#inside(join(this.#root, name)) : undefined;
    const work = folder && this.#inside(join(folder, 'work'));
    if (!folder || !work)
      throw new ClaudexError('NO_SUCH_WORKSPACE', `There is no ${JSON.stringify(name.slice(0, 80))}.`);
    mkdirSync(join(folder, 'claude'), { recursive: true, mode: 0o700 });
    const config = this.#inside(join(folder, 'claude'));
    if (!config) throw new ClaudexError('NO_SUCH_WORKSPACE', `The configuration of ${name} lies elsewhere.`);
    const env = { ...ownVariables(), ...readVariables(join(folder, 'env.json')), CLAUDE_CONFIG_DIR: config };
    const workspace = { name, client: createClient(this.#limits), base: { cwd: work, env } };
    this.#open.set(name, workspace);
    return workspace;
  }

  /** Those that have been asked for. */
  get all(): readonly Workspace[] {
    return [...this.#open.values()];
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ client }) => client.close()));
  }

  /** The path without links, when it is there and below the root. */
  #inside(path: string): string | undefined {
    try {
      const real = realpathSync(path);
      return real.startsWith(this.#root + sep) ? real : undefined;
    } catch {
      return undefined; // not there
    }
  }
}

/** Takes the server's own credentials and claude settings out: a workspace has its own or none. */
function ownVariables(): Record<string, undefined> {
  const names = Object.keys(process.env).filter((name) => /^(ANTHROPIC|CLAUDE|AWS|GOOGLE|CLAUDEX_SERVE)/.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** @throws ClaudexError BAD_REQUEST for a file that is no object of strings */
function readVariables(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return {};
    throw error;
  }
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    if (Object.values(value).every((one) => typeof one === 'string')) return value as Record<string, string>;
  } catch {
    // said below
  }
  throw new ClaudexError('BAD_REQUEST', `${path} must be a JSON object of strings.`);
}
