/** Web Push: who is pushed to, where pushes may go, and what ends it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { startPushStandIn, vapidClaims } from '../../support/push-stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { startWeb } from '../../support/web.ts';

const subscriptions = '/api/v1/push/subscriptions';
const filesOf = (home: HermeticHome): string[] => readdirSync(join(home.claudexHome, 'web', 'push'));

describe(`Web Push ${verifies('web-push')}`, () => {
  const bed = useTestBed();

  it('a device subscribes: a first push proves it, readable by that browser alone and signed with the key of this server', async () => {
    const home = bed.home();
    const service = await startPushStandIn(home.root);
    const env = { NODE_EXTRA_CA_CERTS: service.certificate, CLAUDEX_WEB_PUSH_PRIVATE: 'true' };
    const web = await startWeb(home, { env });
    const token = await web.token('view');
    const { json: before } = await web.send('/api/v1/push', { token });
    expect(before).toMatchObject({ push: 'brief', subscribed: false });
    const made = await web.send(subscriptions, { token, body: service.subscription() });
    expect(made).toMatchObject({ status: 200, json: { subscribed: true } });
    expect(service.pushes).toHaveLength(1);
    const [{ path, headers, payload }] = service.pushes as [(typeof service.pushes)[0]];
    expect(path).toBe('/push/phone');
    expect(payload).toMatchObject({ title: 'claudex', hash: '#/' });
    expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'high' });
    expect(vapidClaims(headers.authorization!)).toMatchObject({ key: before.key, aud: service.url });
    expect((await web.send('/api/v1/push', { token })).json).toEqual({ ...before, subscribed: true });

    // one for each device, the newest; private, with nothing of it in the log
    await web.send(subscriptions, { token, body: service.subscription('newer') });
    const [file, ...more] = filesOf(home);
    expect(more).toEqual([]);
    expect(readFileSync(join(home.claudexHome, 'web', 'push', file!), 'utf8')).toContain('/push/newer');
    for (const name of [join('push', file!), 'push-keys.json'])
      expect(statSync(join(home.claudexHome, 'web', name)).mode & 0o777).toBe(0o600);
    const log = readFileSync(join(home.claudexHome, 'logs', 'web.log'), 'utf8');
    expect(log).toContain('push-subscribed');
    expect(log).not.toContain('/push/');

    expect((await web.send(subscriptions, { token, method: 'DELETE' })).json).toEqual({ subscribed: false });
    expect(filesOf(home)).toEqual([]);
    await web.send(subscriptions, { token, body: service.subscription() });
    const device = file!.replace('.json', '');
    expect((await runClaudex(['web', 'revoke', device], { env: home.env() })).code).toBe(0);
    expect(filesOf(home)).toEqual([]);
  });

  it('what the push service refuses is not kept, and said', async () => {
    const home = bed.home();
    const service = await startPushStandIn(home.root);
    const env = { NODE_EXTRA_CA_CERTS: service.certificate, CLAUDEX_WEB_PUSH_PRIVATE: 'true' };
    const web = await startWeb(home, { env });
    const token = await web.token('view');
    for (const [status, said] of [
      [403, '403'],
      [410, 'does not know the subscription'],
      [302, '302'],
    ] as const) {
      service.answers.status = status;
      const refused = await web.send(subscriptions, { token, body: service.subscription() });
      expect(refused).toMatchObject({ status: 502, json: { error: { code: 'PUSH_REFUSED' } } });
      expect(refused.json.error.message).toContain(said);
    }
    const sound = service.subscription();
    for (const keys of [
      { ...sound.keys, p256dh: 'AAAA' },
      { ...sound.keys, auth: 'AAAA' },
    ]) {
      const refused = await web.send(subscriptions, { token, body: { ...sound, keys } });
      expect(refused).toMatchObject({ status: 400, json: { error: { code: 'BAD_REQUEST' } } });
    }
    expect(filesOf(home)).toEqual([]);
  });

  it('it is no way into this machine or its network', async () => {
    const home = bed.home();
    const service = await startPushStandIn(home.root);
    const web = await startWeb(home, { env: { NODE_EXTRA_CA_CERTS: service.certificate } });
    const token = await web.token('view');
    const { keys } = service.subscription();
    const { port } = new URL(service.url);
    for (const endpoint of [
      service.url,
      `https://127.0.0.1:${port}/`,
      `https://0x7f.1:${port}/`,
      `https://2130706433:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      'https://169.254.169.254/latest/meta-data',
      'https://10.1.2.3/',
      'https://user:secret@push.example/',
      'http://push.example/',
      'file:///etc/passwd',
      'nonsense',
    ]) {
      const refused = await web.send(subscriptions, { token, body: { endpoint, keys } });
      expect([endpoint, refused.status, refused.json.error.code]).toEqual([endpoint, 400, 'PUSH_ENDPOINT']);
    }
    expect(service.pushes).toEqual([]);
    expect(filesOf(home)).toEqual([]);
  });

  it('switched off, nothing is taken and no key made for it', async () => {
    const home = bed.home();
    const service = await startPushStandIn(home.root);
    const web = await startWeb(home, { env: { CLAUDEX_WEB_PUSH: 'off' } });
    const token = await web.token('view');
    const refused = await web.send(subscriptions, { token, body: service.subscription() });
    expect(refused).toMatchObject({ status: 409, json: { error: { code: 'PUSH_OFF' } } });
    expect(existsSync(join(home.claudexHome, 'web', 'push-keys.json'))).toBe(false);
  });

  it('a contact that no push service takes is said at the start', async () => {
    const env = bed.home().env(undefined, { CLAUDEX_WEB_PUSH_CONTACT: 'me' });
    const refused = await runClaudex(['web', '--port', '0'], { env });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('web.pushContact');
  });
});
