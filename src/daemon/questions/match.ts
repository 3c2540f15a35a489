/**
 * Which of a session's requests were answered in its terminal, and which answers from elsewhere claude has taken, by what its transcripts
 * say of the tool calls. A request does not say which call it is about: equal ones are told apart by their order alone. Pure.
 */
import type { ToolFate } from '../../claude/transcript/tool-fates.ts';

/** What matching needs to know of a request. */
export interface MatchedRequest {
  id: string;
  tool: string;
  inputKey: string;
  askedAt: number;
  /** An answer from elsewhere was handed to its hook, and claude has not said yet that it took it. */
  isUnproven: boolean;
  /** That answer. */
  decision: 'allow' | 'deny' | null;
  /** A subagent asks: 2.1.197 does not write there whose decision counted. */
  isAgents: boolean;
}

/** `interrupted`: rejected in the terminal, before or after an answer from elsewhere counted. */
export type Fate = 'taken' | 'in-terminal' | 'interrupted';

export interface Match {
  id: string;
  fate: Fate;
  /** The call that says so; it says nothing of another request. */
  toolUseId: string;
}

/** A result that is older than the request by more than this is an earlier call's. */
const slackMs = 1000;

/** `requests` in the order in which they were asked, `fates` in that of the transcript. */
export function matchFates(requests: readonly MatchedRequest[], fates: readonly ToolFate[]): Match[] {
  const matches: Match[] = [];
  for (const group of groupsOf(requests)) {
    const calls = callsOf(group, fates);
    const byHook = calls.filter(({ hookDecision }) => hookDecision !== undefined);
    const ended = calls.filter(({ hookDecision, endedAt }) => hookDecision === undefined && endedAt !== undefined);
    const unproven = group.filter(({ isUnproven }) => isUnproven);
    const open = group.filter(({ isUnproven }) => !isUnproven);
    // the terminal's answers first go to those that nobody else has answered
    const left = [...open, ...unproven.slice(byHook.length)];
    const pair = (
      requests: MatchedRequest[],
      of: ToolFate[],
      fateOf: (request: MatchedRequest, call: ToolFate) => Fate,
    ) => {
      for (const [at, request] of requests.slice(0, of.length).entries()) {
        matches.push({ id: request.id, fate: fateOf(request, of[at]!), toolUseId: of[at]!.toolUseId });
      }
    };
    pair(unproven, byHook, () => 'taken');
    pair(left, ended, fateWithoutDecision);
  }
  return matches;
}

/** What a result means beside which no hook's decision stands. */
function fateWithoutDecision(request: MatchedRequest, call: ToolFate): Fate {
  if (!request.isUnproven) return 'in-terminal';
  if (call.isRejected) return 'interrupted';
  const isAsAnswered = request.decision === (call.isError ? 'deny' : 'allow');
  return request.isAgents && isAsAnswered ? 'taken' : 'in-terminal';
}

function groupsOf(requests: readonly MatchedRequest[]): MatchedRequest[][] {
  const groups = new Map<string, MatchedRequest[]>();
  for (const request of requests) {
    const key = `${request.tool} ${request.inputKey}`;
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  return [...groups.values()];
}

/** The calls that the requests may be about: the last ones of that input, or of that tool where claude tells the input otherwise. */
function callsOf(group: readonly MatchedRequest[], fates: readonly ToolFate[]): ToolFate[] {
  const { tool, inputKey } = group[0]!;
  const since = Math.min(...group.map(({ askedAt }) => askedAt)) - slackMs;
  const ofTool = fates.filter((one) => one.tool === tool && (one.endedAt ?? Number.POSITIVE_INFINITY) >= since);
  const ofInput = ofTool.filter((one) => one.inputKey === inputKey);
  return ofInput.length > 0 ? ofInput : ofTool;
}
