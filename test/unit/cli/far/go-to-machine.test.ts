import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineIn } from '../../../../src/cli/far/go-to-machine.ts';
import { verifies } from '../../../requirements.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

describe(`a target with a machine ${verifies('mesh-asks')}`, () => {
  it('is taken apart where the machine is one of the mesh, and left alone elsewhere', () => {
    const home = temporaryFolder();
    const env = { CLAUDEX_HOME: home };
    expect(machineIn(env, 'api@devbox')).toEqual({ target: 'api@devbox' });
    mkdirSync(join(home, 'mesh'));
    writeFileSync(join(home, 'mesh', 'joined.json'), JSON.stringify({ name: 'laptop', id: 'x', url: 'nats://x:1' }));
    expect(machineIn(env, 'api@devbox')).toEqual({ target: 'api@devbox' });
    writeFileSync(
      join(home, 'mesh', 'seen.json'),
      JSON.stringify({ connected: true, trouble: null, machines: [{ name: 'devbox', sessions: [] }] }),
    );
    expect(machineIn(env, 'api@devbox')).toEqual({ target: 'api', machine: 'devbox' });
    expect(machineIn(env, 'me@home@devbox')).toEqual({ target: 'me@home', machine: 'devbox' });
    expect(machineIn(env, '/srv/api@devbox')).toEqual({ target: '/srv/api', machine: 'devbox' });
    expect(machineIn(env, 'api@laptop')).toEqual({ target: 'api' });
    for (const plain of ['api', 'api@ci', '@devbox', 'api@devbox/x', '']) {
      expect(machineIn(env, plain)).toEqual({ target: plain });
    }
  });
});
