import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refuseSkew, skewText } from '../../../src/mesh/clock-skew.ts';
import { permissionsOf, serverConfig, syncsEachWrite } from '../../../src/mesh/server-config.ts';
import { newKey, publicHalf, serverUrl } from '../../../src/mesh/server-files.ts';
import { verifies } from '../../requirements.ts';

describe(`the server of a mesh ${verifies('mesh-server')}`, () => {
  const options = { host: '127.0.0.1', port: 4222 };
  const given = {
    users: [{ name: 'devbox', nkey: 'UDEV' }],
    owner: 'UOWN',
    mailOwner: 'UMAIL',
    folder: '/x',
    syncs: true,
  };

  it('syncs each write where nats-server can, and leaves limits to the mailboxes', () => {
    expect(JSON.parse(serverConfig(options, given)).jetstream).toMatchObject({
      sync_interval: 'always',
      max_file_store: 2 ** 40,
    });
    expect(JSON.parse(serverConfig(options, { ...given, syncs: false })).jetstream).not.toHaveProperty('sync_interval');
    expect(['nats-server: v2.9.10', 'v2.10.0', '3.0.1', ''].map(syncsEachWrite)).toEqual([false, true, true, false]);
  });

  it('lets a machine write under its own name alone, and listen to its own inbox alone', () => {
    const { accounts, authorization } = JSON.parse(serverConfig(options, given));
    expect(authorization).not.toHaveProperty('users');
    expect(accounts.MACHINES.users).toEqual([{ nkey: 'UDEV', permissions: permissionsOf('devbox') }]);
    expect([accounts.BUCKET.users, accounts.MAIL.users]).toEqual([[{ nkey: 'UOWN' }], [{ nkey: 'UMAIL' }]]);
    const { publish, subscribe } = permissionsOf('devbox');
    expect(subscribe.filter((one) => !/^(agents\.hb|\$SRV)\./.test(one))).toEqual([
      '_INBOX.devbox.>',
      'claudex.ask.devbox.*',
      'agents.prompt.cc.devbox.*',
      'agents.status.cc.devbox.*',
    ]);
    expect(publish.filter((one) => one.startsWith('agents.hb'))).toEqual(['agents.hb.cc.devbox.*']);
    expect(permissionsOf('devbox')).not.toHaveProperty('allow_responses');
    expect(publish.filter((one) => one.startsWith('$KV'))).toEqual([
      '$KV.claudex_machines.devbox',
      '$KV.claudex_machines.devbox.beat',
    ]);
    // the last word says who speaks
    expect(publish.filter((one) => one.startsWith('claudex'))).toEqual([
      'claudex.mail.*.devbox',
      'claudex.ask.*.devbox',
    ]);
    expect(publish.filter((one) => one.includes('CLAUDEX_MAIL'))).toEqual([
      '$JS.API.CONSUMER.INFO.CLAUDEX_MAIL_devbox.devbox',
      '$JS.API.CONSUMER.MSG.NEXT.CLAUDEX_MAIL_devbox.devbox',
      '$JS.ACK.CLAUDEX_MAIL_devbox.devbox.>',
    ]);
    expect(publish.some((one) => /STREAM\.(CREATE|DELETE|UPDATE|PURGE)|^>$/.test(one))).toBe(false);
  });

  it('keeps JetStream out of the machines’ account, and lets nothing through to it that changes a stream', () => {
    const { accounts } = JSON.parse(serverConfig(options, given));
    expect(accounts.MACHINES).not.toHaveProperty('jetstream');
    const through: string[] = accounts.MACHINES.imports.flatMap(
      ({ service }: { service?: { subject: string } }) => service?.subject ?? [],
    );
    const exported = [...accounts.BUCKET.exports, ...accounts.MAIL.exports];
    expect(exported.flatMap(({ service }: { service?: string }) => service ?? [])).toEqual(through);
    expect(through.filter((one) => /STREAM\.(CREATE|UPDATE|DELETE|PURGE)|API\.[*>]|STREAM\.[*>]/.test(one))).toEqual(
      [],
    );
    // who may make a consumer can have it deliver anywhere in its account
    expect(through.filter((one) => /CONSUMER\.(CREATE|DURABLE|\*|>)/.test(one))).toEqual([
      '$JS.API.CONSUMER.CREATE.KV_claudex_machines.>',
    ]);
  });

  it('is told in docs/mesh.md as it is', () => {
    const text = readFileSync(new URL('../../../docs/mesh.md', import.meta.url), 'utf8');
    const { publish, subscribe } = permissionsOf('laptop');
    const list = (subjects: string[]): string => subjects.map((one) => `  ${one}\n`).join('');
    expect(text).toContain(`publish:\n${list(publish)}subscribe:\n${list(subscribe)}`);
  });

  it('takes TLS where it is given, and says so in its address', () => {
    const tls = { ...options, host: '0.0.0.0', tlsCert: '/c', tlsKey: '/k' };
    expect(JSON.parse(serverConfig(tls, given)).tls).toMatchObject({ cert_file: '/c', key_file: '/k' });
    expect(serverUrl(tls, 'box')).toBe('tls://box:4222');
    expect(serverUrl({ host: '::1', port: 1 }, 'box')).toBe('nats://[::1]:1');
  });

  it('knows a seed from other words', () => {
    const { seed, publicKey } = newKey();
    expect(publicHalf(seed)).toBe(publicKey);
    for (const wrong of ['', 'SUA', publicKey, `${seed}X`])
      expect(() => publicHalf(wrong)).toThrow('no seed of a user’s NKEY');
  });

  it('refuses a clock that is far off', () => {
    expect(() => refuseSkew(3_600_000)).toThrow('This clock is 60 minutes behind the server’s.');
    expect(() => refuseSkew(-3_600_000)).toThrow('ahead of');
    refuseSkew(20_000);
    expect(skewText(20_000)).toBe('This clock is 20 s behind the server’s.');
  });
});
