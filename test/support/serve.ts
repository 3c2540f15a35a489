/** `claudex serve` for a test: workspaces with credentials for an API stand-in, the official SDK pointed at them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { claudexBin } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { registerProcess } from './resources.ts';
import { run } from './run-command.ts';

export interface Served {
  url: string;
  child: ChildProcess;
  /** All that it has written to standard output. */
  output: string;
  /** The workspace's token. */
  token(workspace: string): string;
  /** The workspace's folder below CLAUDEX_HOME. */
  state(workspace: string): string;
  /** The SDK as a user makes it; it does not retry, so that a test sees each answer. */
  sdk(workspace: string, path?: string): Anthropic;
  /** The value of a metric of that workspace, given with any further labels. */
  metric(workspace: string, name: string, labels?: string): Promise<number>;
  /** Waits until that metric has that value; what only counts up (`_total`) may be past it. */
  untilMetric(workspace: string, name: string, value: number, labels?: string): Promise<void>;
  /** Resolves with exit code and signal. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface ServeSetup {
  api: { url: string };
  args?: readonly string[];
  /** For the server itself. */
  env?: Record<string, string>;
  /** Called once tokens and folders are there, before the server starts. */
  prepare?: (state: (workspace: string) => string) => void;
}

/** The key that a workspace's claude shows to the API. */
export function keyOf(workspace: string): string {
  return `sk-ant-of-${workspace}-0123456789`;
}

/** Starts the built `claudex serve` on a free port over the home's project folders. */
export async function startServe(
  home: HermeticHome,
  { api, args = [], env = {}, prepare }: ServeSetup,
): Promise<Served> {
  const root = dirname(home.cwd);
  const all = home.env(api);
  // what the server itself has of credentials is nobody's
  const serverEnv = {
    ...all,
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    ANTHROPIC_API_KEY: 'sk-ant-of-the-server',
    ...env,
  };
  const printed = await run(process.execPath, [claudexBin, 'serve', '--workspaces', root, '--print-token'], {
    env: serverEnv,
  });
  const tokens = new Map(printed.stdout.split('\n').map((line) => line.split('\t') as [string, string]));
  const stateRoot = join(home.claudexHome, 'serve');
  const state = (name: string): string => {
    const found = readdirSync(stateRoot).find((entry) => entry.startsWith(`${name}-`));
    if (!found) throw new Error(`no workspace ${name}: ${printed.stdout}${printed.stderr}`);
    return join(stateRoot, found);
  };
  const quiet = Object.entries(all).filter(([name]) => /^(DISABLE_|CLAUDE_CODE_DISABLE|IS_SANDBOX)/.test(name));
  for (const name of [...tokens.keys()].filter((one) => one !== '')) {
    const lines = [...quiet, ['ANTHROPIC_BASE_URL', api.url], ['ANTHROPIC_API_KEY', keyOf(name)]];
    writeFileSync(join(state(name), 'env'), lines.map(([key, value]) => `${key}=${value}\n`).join(''));
  }
  prepare?.(state);
  const child = spawn(process.execPath, [claudexBin, 'serve', '--workspaces', root, '--port', '0', ...args], {
    env: serverEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  registerProcess(child.pid!, 'claudex serve');
  const ended = new Promise<Awaited<Served['ended']>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /^claudex serves (http:\S+)[\s\S]*Ctrl-C/.exec(output)?.[1];
      if (found) resolve(found);
    });
    void ended.then(({ code }) => reject(new Error(`claudex serve ended (${code}):\n${output}${errors}`)));
  });
  const token = (name: string): string => tokens.get(name) ?? '';
  const metric: Served['metric'] = async (workspace, name, labels = '') => {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token(workspace)}` } });
    const wanted = `${name}{workspace="${workspace}"${labels && `,${labels}`}} `;
    const line = (await response.text()).split('\n').find((one) => one.startsWith(wanted));
    return Number(line?.slice(wanted.length) ?? Number.NaN);
  };
  return {
    url,
    child,
    output,
    token,
    state,
    sdk: (name, path = '') => new Anthropic({ baseURL: url + path, apiKey: token(name), maxRetries: 0 }),
    metric,
    untilMetric: async (workspace, name, value, labels) => {
      const deadline = Date.now() + 20_000;
      const isThere = (now: number): boolean => (name.endsWith('_total') ? now >= value : now === value);
      let last = await metric(workspace, name, labels);
      while (!isThere(last)) {
        if (Date.now() > deadline) throw new Error(`${name} of ${workspace} stayed ${last}, wanted ${value}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        last = await metric(workspace, name, labels);
      }
    },
    ended,
  };
}

/** Makes a folder below a workspace's project folder. */
export function subfolder(home: HermeticHome, ...names: string[]): string {
  const path = join(dirname(home.cwd), ...names);
  mkdirSync(path, { recursive: true });
  return path;
}
