import { describe, expect, it } from 'vitest';
import { isMachineName } from '../../../src/mesh/machine-name.ts';
import { mayMachine } from '../../../src/mesh/who-may.ts';
import { settingDefinitions } from '../../../src/settings/definitions.ts';
import { defaultSettings, parseSetting } from '../../../src/settings/read.ts';
import { verifies } from '../../requirements.ts';

const acts = ['send', 'read', 'peek', 'answer', 'start'] as const;
const laptop = { name: 'laptop', isTrusted: false };

describe(`which machines may what ${verifies('mesh-who-may')}`, () => {
  it('without a setting every machine may send, and none anything else', () => {
    expect(acts.filter((act) => mayMachine(defaultSettings(), act, laptop))).toEqual(['send']);
    expect(acts.filter((act) => mayMachine(defaultSettings(), act, { ...laptop, isTrusted: true }))).toEqual(['send']);
  });

  it('one word means several, everything else is a list of names', () => {
    const may = (value: string, machine = laptop): boolean =>
      mayMachine({ ...defaultSettings(), 'mesh.read': value }, 'read', machine);
    expect([may('all'), may('none'), may('trusted'), may('ci,laptop'), may('ci,lap')]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(may('trusted', { ...laptop, isTrusted: true })).toBe(true);
    expect(may('none', { ...laptop, isTrusted: true })).toBe(false);
  });

  it('a setting takes those words and names of machines, nothing else', () => {
    const definition = settingDefinitions.find(({ key }) => key === 'mesh.read')!;
    for (const good of ['all', 'none', 'trusted', 'laptop', 'laptop,ci-2,x_y']) {
      expect(parseSetting(definition, good)).toBe(good);
    }
    for (const bad of ['', 'All', 'a, b', 'a,', ',a', 'a b', '*', 'a@b', `${'a,'.repeat(101)}a`]) {
      expect(() => parseSetting(definition, bad)).toThrow('all, none, trusted, or names');
    }
  });

  it('no machine is called by one of those words', () => {
    expect(['all', 'none', 'trusted', 'laptop'].map(isMachineName)).toEqual([false, false, false, true]);
  });
});
