/** Who is in the bucket, asked as a machine with its own few permissions. A real nats-server on loopback. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectMesh, openMachines } from '../../../src/mesh/connect.ts';
import { namesInBucket } from '../../../src/mesh/names-in-bucket.ts';
import { serverConfig } from '../../../src/mesh/server-config.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import { verifies } from '../../requirements.ts';
import { natsServer, startBareServer } from '../../support/mesh.ts';
import { repetitions } from '../../support/repetition.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

/** The server tells 100,000 names in one answer at most. */
const others = repetitions(100, 100_000);

describe.runIf(natsServer !== undefined)('what the bridge asks of a server', () => {
  const bed = useTestBed();

  it(`who is there, with a machine’s permissions, also where one answer does not hold all names ${verifies('mesh-seeing')}`, async () => {
    const { root } = bed.home();
    const [owner, mailOwner, alpha] = [newKey(), newKey(), newKey()];
    const folder = join(root, 'server');
    mkdirSync(folder);
    const users = [{ name: 'alpha', nkey: alpha.publicKey }];
    const given = { users, owner: owner.publicKey, mailOwner: mailOwner.publicKey, folder, syncs: false };
    writeFileSync(join(folder, 'nats.conf'), serverConfig({ host: '127.0.0.1', port: 0 }, given));
    const url = await startBareServer(['-c', join(folder, 'nats.conf')]);
    const owning = await connectMesh({ name: 'owner', nkey: owner.seed, url });
    const connection = await connectMesh({ name: 'alpha', nkey: alpha.seed, url });
    try {
      const bucket = await openMachines(owning, url);
      expect(await namesInBucket(connection)).toEqual([]);
      for (const key of ['alpha', 'alpha.beat', 'beta', 'beta.beat']) await bucket.put(key, 'x');
      // a machine that has left still counts: the watch tells of it
      await bucket.delete('beta');
      expect((await namesInBucket(connection)).sort()).toEqual(['alpha', 'beta']);
      for (let at = 0; at < others; at++) owning.publish(`$KV.claudex_machines.m${at}`);
      await owning.flush();
      await until(async () => (await bucket.status()).values === others + 4);
      expect(new Set(await namesInBucket(connection)).size).toBe(others + 2);
    } finally {
      await connection.close();
      await owning.close();
    }
  });
});
