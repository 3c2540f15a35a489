/** The verdict of the keyboard walks must be able to fail: evidence with one fault each, and without. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/protocol/message.ts';
import type { Evidence } from '../../keyboard/evidence.ts';
import { judge } from '../../keyboard/verdict.ts';
import { verifies } from '../../requirements.ts';
import { aMessage } from '../../support/a-message.ts';

const id = 'maaaaaaaaaaaaaaa';
const body = 'MSG1X look\nat it';
const prompt = `[claudex ${id} from the user’s shell]\n${body}`;

function history(...states: Message['state'][]): Message['history'] {
  return states.map((state, index) => ({ state, at: 1000 * (index + 1) }));
}

/** One message that was sent and has arrived, once. */
function evidence(changes: Partial<Evidence> = {}, message: Partial<Omit<Message, 'recipient'>> = {}): Evidence {
  const answered = history('queued', 'leased', 'delivered', 'answered');
  return {
    sent: [{ number: 1, id, body, from: 'user' }],
    messages: [aMessage(id, { state: 'answered', route: 'paste', history: answered, ...message })],
    appearances: [
      { id, at: 2500, where: 'api', text: prompt },
      { id, at: 2600, where: 'transcript', text: prompt },
    ],
    boxChecks: [{ number: 1, before: 'a draft', burst: 'xyz', after: 'a draftxyz' }],
    dialogChecks: [{ number: 1, stillOpen: true, answered: false, screen: '' }],
    canaries: [],
    pressedAt: [],
    broughtBackAt: [],
    atTheEnd: '',
    ...changes,
  };
}

const broken = (one: Evidence): string[] => judge(one).map(({ promise }) => promise);
const appeared = (...texts: string[]): Evidence['appearances'] =>
  texts.map((text, index) => ({ id, at: 2500 + 100 * index, where: 'api', text }));

describe(`verdict of the keyboard walks ${verifies('exactly-once', 'keyboard-walks')}`, () => {
  it('finds nothing wrong with a message that arrived once, as it was sent', () => {
    expect(judge(evidence())).toEqual([]);
  });

  it('takes the message in either order with our line, and in claude’s wrapping of a long paste', () => {
    const line = `[claudex ${id} from the user’s shell]`;
    const texts = [
      `${body}\n${line}`,
      `<pasted_content id="1">\n${prompt}\n</pasted_content>`,
      prompt.replace(/\n/g, ' '),
    ];
    for (const text of texts) expect(judge(evidence({ appearances: appeared(text) }))).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, Partial<Omit<Message, 'recipient'>>, string[]]>([
    ['in no conversation', { appearances: [] }, {}, ['once']],
    ['twice', { appearances: appeared(prompt, prompt) }, {}, ['once']],
    ['unknown to the daemon', { messages: [] }, {}, ['once']],
    ['still queued', { appearances: [] }, { state: 'queued' }, ['once', 'once']],
    ['still leased', {}, { state: 'leased' }, ['once']],
    ['cancelled by nobody', { appearances: [] }, { state: 'cancelled' }, ['once', 'once']],
    ['with a draft before it', { appearances: appeared(`p1q my draft${prompt}`) }, {}, ['unmixed']],
    ['with the first letter of a burst', { appearances: appeared(`${prompt}k`) }, {}, ['unmixed']],
    ['changed on its way', { appearances: appeared(prompt.replace('look', 'loo😄')) }, {}, ['whole']],
    ['run by a shell', { canaries: [{ number: 1, name: '1', at: 2600 }] }, {}, ['unrun']],
    ['with the draft gone', { boxChecks: [{ number: 1, before: 'a draft', burst: '', after: '' }] }, {}, ['kept']],
    ['with a letter lost', { boxChecks: [{ number: 1, before: '', burst: 'xyz', after: 'yz' }] }, {}, ['kept']],
    ['left in the box', { boxChecks: [{ number: 1, before: '', burst: '', after: prompt }] }, {}, ['kept']],
    [
      'with a dialog closed',
      { dialogChecks: [{ number: 1, stillOpen: false, answered: false, screen: '' }] },
      {},
      ['unanswered'],
    ],
    [
      'with a dialog answered',
      { dialogChecks: [{ number: 1, stillOpen: true, answered: true, screen: '' }] },
      {},
      ['unanswered'],
    ],
  ])('sees a message %s', (_, changes, message, wanted) => {
    expect(broken(evidence(changes, message))).toEqual(wanted);
  });

  it('believes a denial only where the person has pressed a key while claude asked', () => {
    const denied = {
      state: 'failed',
      reason: 'denied by the person at that session',
      history: history('queued', 'leased', 'failed'),
    } as const;
    expect(judge(evidence({ appearances: [], pressedAt: [2500] }, denied))).toEqual([]);
    for (const pressedAt of [[], [200], [3000]]) {
      expect(broken(evidence({ appearances: [], pressedAt }, denied))).toEqual(['once']);
    }
    expect(broken(evidence({ appearances: [], pressedAt: [2500] }, { ...denied, reason: 'who knows' }))).toEqual([
      'once',
    ]);
  });

  it('lays to the person what the person does with a message that had arrived', () => {
    const recalled = { broughtBackAt: [5000] };
    const later = [...appeared(prompt), { id, at: 6000, where: 'api' as const, text: `p1q and ${prompt}` }];
    expect(judge(evidence({ ...recalled, appearances: later }))).toEqual([]);
    expect(judge(evidence({ ...recalled, canaries: [{ number: 1, name: '1', at: 6000 }] }))).toEqual([]);
    // not what came before
    expect(broken(evidence({ ...recalled, appearances: appeared(prompt, prompt) }))).toEqual(['once']);
  });

  it('lets a message that stands still with its reason be', () => {
    const stuck = { state: 'stuck' as const, reason: 'not proven' };
    expect(judge(evidence({ appearances: [] }, stuck))).toEqual([]);
    expect(broken(evidence({ appearances: [] }, { ...stuck, reason: '' }))).toEqual(['once']);
  });
});
