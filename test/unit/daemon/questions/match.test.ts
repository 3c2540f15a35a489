import { describe, expect, it } from 'vitest';
import type { ToolFate } from '../../../../src/claude/transcript/tool-fates.ts';
import { type MatchedRequest, matchFates } from '../../../../src/daemon/questions/match.ts';

const asked = (id: string, fields: Partial<MatchedRequest> = {}): MatchedRequest => {
  return {
    id,
    tool: 'Bash',
    inputKey: 'touch',
    askedAt: 10_000,
    isUnproven: false,
    decision: null,
    isAgents: false,
    ...fields,
  };
};
const call = (fields: Partial<ToolFate> = {}): ToolFate => {
  return { toolUseId: '1', tool: 'Bash', inputKey: 'touch', ...fields };
};

describe('what became of requests, by the transcript', () => {
  it('nothing is known of a call without a result, nor by one of before the request', () => {
    expect(matchFates([asked('a')], [])).toEqual([]);
    expect(matchFates([asked('a')], [call()])).toEqual([]);
    expect(matchFates([asked('a')], [call({ endedAt: 8000 }), call()])).toEqual([]);
    expect(matchFates([asked('a')], [call({ tool: 'Write', endedAt: 11_000 })])).toEqual([]);
  });

  it('a result without a hook’s decision was answered in the terminal', () => {
    expect(matchFates([asked('a')], [call({ endedAt: 11_000 })])).toEqual([
      { id: 'a', fate: 'in-terminal', toolUseId: '1' },
    ]);
  });

  it('an answer from elsewhere counted where the transcript has a hook’s decision, and did not where it has a result without', () => {
    const answered = asked('a', { isUnproven: true });
    expect(matchFates([answered], [call({ hookDecision: 'allow' })])).toEqual([
      { id: 'a', fate: 'taken', toolUseId: '1' },
    ]);
    expect(matchFates([answered], [call({ endedAt: 11_000 })])).toEqual([
      { id: 'a', fate: 'in-terminal', toolUseId: '1' },
    ]);
  });

  it('of several, each has its own call, by its input', () => {
    const requests = [asked('a', { inputKey: 'one' }), asked('b', { inputKey: 'two' })];
    const fates = [call({ inputKey: 'one' }), call({ inputKey: 'two', endedAt: 11_000 })];
    expect(matchFates(requests, fates)).toEqual([{ id: 'b', fate: 'in-terminal', toolUseId: '1' }]);
  });

  it('of two equal ones, one result in the terminal is one question less', () => {
    const fates = [call({ toolUseId: '1', endedAt: 11_000 }), call({ toolUseId: '2' })];
    expect(matchFates([asked('a'), asked('b')], fates)).toEqual([{ id: 'a', fate: 'in-terminal', toolUseId: '1' }]);
  });

  it('of two equal ones, the decision belongs to the one that was answered from elsewhere, the result to the other', () => {
    const fates = [
      call({ toolUseId: '1', endedAt: 11_000 }),
      call({ toolUseId: '2', endedAt: 11_000, hookDecision: 'allow' }),
    ];
    expect(matchFates([asked('a'), asked('b', { isUnproven: true })], fates)).toEqual([
      { id: 'b', fate: 'taken', toolUseId: '2' },
      { id: 'a', fate: 'in-terminal', toolUseId: '1' },
    ]);
  });

  it('where claude tells a hook another input than the transcript has, the tool’s name has to do', () => {
    const plan = asked('a', { tool: 'ExitPlanMode', inputKey: 'with a file' });
    const fates = [call({ tool: 'ExitPlanMode', inputKey: 'bare', endedAt: 11_000 })];
    expect(matchFates([plan], fates)).toEqual([{ id: 'a', fate: 'in-terminal', toolUseId: '1' }]);
  });

  it('of a subagent nothing is written of the decision: a result that is as answered was so by the answer', () => {
    const asAnswered = (decision: 'allow' | 'deny', of: Partial<ToolFate>) =>
      matchFates([asked('a', { isUnproven: true, isAgents: true, decision })], [call({ endedAt: 11_000, ...of })]).map(
        ({ fate }) => fate,
      );
    expect(asAnswered('allow', {})).toEqual(['taken']);
    expect(asAnswered('allow', { isRejected: true, isError: true })).toEqual(['interrupted']);
    expect(asAnswered('deny', { isError: true })).toEqual(['taken']);
    expect(asAnswered('deny', {})).toEqual(['in-terminal']);
  });
});
