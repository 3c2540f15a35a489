/** The SDK's own client over the built `claudex mcp-server`, and sessions for it to find: any process can stand for a claude. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { claudexBin } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { processStartTime } from './processes.ts';
import { registerProcess, registerResource } from './resources.ts';

export interface ToolAnswer {
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a tool gives back is looked into field by field
  data: any;
  isError: boolean;
}

export interface McpClient {
  client: Client;
  /** What the server wrote to stderr. */
  stderr(): string;
  call(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
}

/** A client with a server of its own; its parent process is this one. `bin` is the claudex to run, ours unless told otherwise. */
export async function startMcpClient(
  home: HermeticHome,
  extraEnv: Record<string, string> = {},
  bin = claudexBin,
): Promise<McpClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp-server'],
    env: home.env(undefined, extraEnv),
    cwd: home.cwd,
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const client = new Client({ name: 'test', version: '1' });
  registerResource({ label: 'MCP client', dispose: () => client.close(), describe: () => `stderr: ${stderr}` });
  await client.connect(transport);
  registerProcess(transport.pid!, 'mcp-server');
  return {
    client,
    stderr: () => stderr,
    call: async (name, args = {}) => {
      const result = await client.callTool({ name, arguments: args });
      const [content] = result.content as Array<{ text: string }>;
      return { text: content!.text, data: result.structuredContent, isError: result.isError === true };
    },
  };
}

/** Writes claude's session file for a process, which makes it an idle session to claudex. */
export function standAsSession(home: HermeticHome, pid: number, cwd: string, sessionId: string): void {
  const folder = join(home.home, '.claude', 'sessions');
  mkdirSync(folder, { recursive: true });
  const file = {
    pid,
    sessionId,
    cwd,
    kind: 'interactive',
    version: '2.1.197',
    status: 'idle',
    procStart: processStartTime(pid),
  };
  writeFileSync(join(folder, `${pid}.json`), JSON.stringify(file));
}

/** A process that does nothing, for a session that never answers. */
export function startSleeper(): number {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const { pid } = child;
  registerProcess(pid!, 'sleeper');
  registerResource({
    label: 'sleeper',
    dispose: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once('exit', resolve));
    },
  });
  return pid!;
}

/** One record a line, as claude writes its transcript of that session; returns the path. */
export function writeTranscript(
  home: HermeticHome,
  cwd: string,
  sessionId: string,
  records: readonly object[],
): string {
  const folder = join(home.home, '.claude', 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${sessionId}.jsonl`);
  writeFileSync(path, records.map((one) => `${JSON.stringify({ cwd, sessionId, ...one })}\n`).join(''));
  return path;
}
