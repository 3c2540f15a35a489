/** Settings: where a value comes from, and what is no value. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseSetting, readSettings, settingDefinition } from '../../../src/settings/read.ts';
import { verifies } from '../../../test/requirements.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

describe(`settings ${verifies('settings')}`, () => {
  const read = (env: Record<string, string> = {}) => readSettings({ CLAUDEX_HOME: dir, ...env });
  const store = (value: unknown) => writeFileSync(join(dir, 'config.json'), JSON.stringify(value));

  it('environment over file over default', () => {
    expect(read()).toMatchObject({ values: { 'delivery.leaseMs': 30000, 'claude.path': null } });
    store({ delivery: { leaseMs: 5000, typePeers: true } });
    expect(read()).toMatchObject({
      values: { 'delivery.leaseMs': 5000, 'delivery.typePeers': true, 'badge.enabled': true },
      sources: { 'delivery.leaseMs': 'file', 'badge.enabled': 'default' },
    });
    expect(read({ CLAUDEX_LEASE_MS: '7000', CLAUDEX_TYPE_PEERS: 'off' })).toMatchObject({
      values: { 'delivery.leaseMs': 7000, 'delivery.typePeers': false },
      sources: { 'delivery.leaseMs': 'environment' },
    });
    expect(read({ CLAUDEX_LEASE_MS: '' }).values['delivery.leaseMs']).toBe(5000);
  });

  it('takes nothing of the wrong type from the file, and survives a damaged one', () => {
    store({ delivery: { leaseMs: '5000', typePeers: 'yes' }, claude: [] });
    expect(read().sources).toMatchObject({ 'delivery.leaseMs': 'default', 'delivery.typePeers': 'default' });
    writeFileSync(join(dir, 'config.json'), '{"delivery":');
    expect(read().values['delivery.leaseMs']).toBe(30000);
  });

  it.each([-5, 0, 999, 1.5, 2 ** 31])('takes no number from the file that `config set` would refuse: %s', (leaseMs) => {
    store({ delivery: { leaseMs } });
    expect(read().values['delivery.leaseMs']).toBe(30000);
  });

  it.each(['', ' ', 'x', '1.5', '-1', '999', '1e99', '2147483648'])('refuses %j as a lease', (text) => {
    expect(() => parseSetting(settingDefinition('delivery.leaseMs'), text)).toThrow(
      expect.objectContaining({ code: 'BAD_SETTING' }),
    );
  });

  it('knows the words for true and false, and no setting that is none', () => {
    const badge = settingDefinition('badge.enabled');
    expect(['true', '1', 'YES', 'on', 'false', '0', 'no', 'OFF'].map((text) => parseSetting(badge, text))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    const allow = settingDefinition('peers.allow');
    expect(parseSetting(allow, 'same-tree')).toBe('same-tree');
    expect(() => parseSetting(allow, 'some')).toThrow('takes all, same-tree, none, not "some"');
    const command = settingDefinition('notify.command');
    for (const good of ['~/bin/tell me', '["sh", "-c", "jq -r .text | cat; echo \\"x\\""]', ' [ "a" , "" ] ']) {
      expect(parseSetting(command, good)).toBe(good);
    }
    for (const bad of ['["unclosed', '[]', '[""]', '["a", 1]', ' ']) {
      expect(() => parseSetting(command, bad)).toThrow('takes the path of a program, or a JSON list');
    }
    const key = settingDefinition('attach.detachKey');
    expect(['ctrl-\\', 'CTRL-B', '^]', 'ctrl-_'].map((text) => parseSetting(key, text))).toHaveLength(4);
    for (const bad of ['x', 'ctrl-', 'ctrl-bb', 'alt-b', 'ctrl-1'])
      expect(() => parseSetting(key, bad)).toThrow('takes ctrl-');
    expect(() => parseSetting(badge, 'maybe')).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }));
    expect(() => settingDefinition('nothing')).toThrow(expect.objectContaining({ code: 'UNKNOWN_SETTING' }));
  });
});
