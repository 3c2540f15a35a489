/** What the MCP server costs each session of claude: time until it has answered `initialize`, memory once its tools are listed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { claudexBin } from '../test/support/claudex-bin.ts';
import { registerProcess } from '../test/support/resources.ts';
import { startBenchHome } from './bench-home.ts';
import { type Measurement, median, percentile } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';
import { timeCommand } from './timing.ts';

const initialize = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1' },
};

export const measureMcp: Measurement = async ({ quick, progress }) => {
  const { home } = await startBenchHome();
  const env = home.env();
  const startMs: number[] = [];
  const callMs: number[] = [];
  const cpu: number[] = [];
  const memory: number[] = [];
  const emptyNode: number[] = [];
  for (let round = -1; round < (quick ? 5 : 20); round++) {
    const one = await oneServer(env);
    const emptyMs = await timeCommand({ file: process.execPath, args: ['-e', '0'], env });
    if (round < 0) continue; // the first reads the files from disk
    startMs.push(one.startMs);
    callMs.push(one.callMs);
    cpu.push(one.cpuMs);
    memory.push(one.residentMb);
    emptyNode.push(emptyMs);
    progress(`start ${round + 1}: ${one.startMs.toFixed(0)} ms, ${one.residentMb.toFixed(0)} MB`);
  }
  return [
    {
      measurement: 'mcp',
      name: 'start to the answer of initialize, p50',
      value: median(startMs),
      unit: 'ms',
      baseline: { name: '`node -e 0`', value: median(emptyNode) },
      target: { max: 250 },
      note: `${startMs.length} starts; p90 ${percentile(startMs, 90).toFixed(0)} ms`,
    },
    {
      measurement: 'mcp',
      name: 'processor time of that start, p50',
      value: median(cpu),
      unit: 'ms',
      note: 'does not grow with what else the machine does',
    },
    {
      measurement: 'mcp',
      name: 'memory after tools/list and one call, p50',
      value: median(memory),
      unit: 'MB',
      target: { max: 80 },
    },
    { measurement: 'mcp', name: 'first call (list_instances), p50', value: median(callMs), unit: 'ms' },
  ];
};

async function oneServer(env: Record<string, string>) {
  const startedAt = performance.now();
  const server = spawn(process.execPath, [claudexBin, 'mcp-server'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  registerProcess(server.pid!, 'mcp-server');
  let out = '';
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ask = async (id: number, method: string, params: object): Promise<void> => {
    server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    while (!out.includes(`"id":${id}}`)) await once(server.stdout, 'data');
  };
  await ask(1, 'initialize', initialize);
  const startMs = performance.now() - startedAt;
  const startCpuMs = cpuMs(server.pid!);
  server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  await ask(2, 'tools/list', {});
  const calledAt = performance.now();
  await ask(3, 'tools/call', { name: 'list_instances', arguments: {} });
  const callMs = performance.now() - calledAt;
  const figures = { startMs, cpuMs: startCpuMs, callMs, residentMb: residentMb(server.pid!) };
  server.stdin.end();
  await once(server, 'exit');
  return figures;
}
