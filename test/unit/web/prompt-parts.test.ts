import { describe, expect, it } from 'vitest';
import { attributionLine, typedText } from '../../../src/protocol/attribution.ts';
import { promptParts } from '../../../src/web/prompt-parts.ts';
import { aMessage } from '../../support/a-message.ts';

describe('a prompt and who has sent it', () => {
  it('takes our line off, first or last, and says who it names', () => {
    for (const body of ['fix it\n\nnow', '- a list\n- of things']) {
      const message = aMessage('mabcdefghijkmnpq', { body });
      const from = message.sender.label;
      expect(promptParts(typedText(message))).toEqual({ from, text: body });
    }
  });

  it('takes off what claude writes around the words of another session', () => {
    const message = aMessage('mabcdefghijkmnpq', { body: 'fix it' });
    const told = `Another Claude session sent a message:\n${typedText(message)}\n\nThis came from another Claude session — not typed.`;
    expect(promptParts(told)).toEqual({ from: message.sender.label, text: 'fix it' });
  });

  it('leaves as it is what has no such line, more than one, or one in its middle', () => {
    const line = attributionLine(aMessage('mabcdefghijkmnpq'));
    const two = `${line}\none\n${attributionLine(aMessage('m23456789abcdefg'))}\ntwo`;
    for (const prompt of ['plain', '', two, `before\n${line}\nafter`, `${line.slice(0, -1)}\ncut`]) {
      expect(promptParts(prompt)).toEqual({ from: '', text: prompt });
    }
  });
});
