import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPeerOf, peerPid } from '../../../src/process/peer.ts';

describe('who is at the other end of a socket, by the kernel’s word', () => {
  let folder: string;
  let server: Server;
  let client: Socket;
  let accepted: Socket;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'claudex-peer-'));
    accepted = await new Promise<Socket>((resolve) => {
      server = createServer(resolve).listen(join(folder, 'socket'), () => {
        client = connect(join(folder, 'socket'));
      });
    });
  });

  afterEach(() => {
    client.destroy();
    accepted.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('is a process', () => {
    expect(peerPid(accepted)).toBe(process.pid);
    expect(peerPid(null)).toBeUndefined();
  });

  it('is a user, and no other one', () => {
    expect(isPeerOf(accepted)).toBe(true);
    expect(isPeerOf(accepted, process.getuid!() + 1)).toBe(false);
  });
});
