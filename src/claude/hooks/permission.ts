/**
 * The PermissionRequest hook: what claude asks, and the shapes of an answer (docs/claude-facts.md#questions). The hook runs beside
 * the dialog, and the first answer counts. The payload has no tool_use_id.
 */
import type { AskedChoice, QuestionKind } from '../../protocol/question.ts';

export interface PermissionRequest {
  tool: string;
  /** As claude gives it; what an answer has to echo. */
  input: Record<string, unknown>;
  /** Ready-made `updatedPermissions`, one for each "always" that the dialog offers. */
  suggestions: unknown[];
  /** The subagent that asks. */
  agentId: string | null;
  agentType: string | null;
}

/** No tool's input is nested deeper than this, and what works on one level after the other must end. */
const maxDepth = 100;

/** Parses the hook's stdin; undefined when it asks for no permission, or so that nobody could be shown what for. */
export function parsePermissionRequest(value: unknown): PermissionRequest | undefined {
  if (!isObject(value) || value.hook_event_name !== 'PermissionRequest') return undefined;
  const { tool_name: tool, tool_input: input, permission_suggestions: suggestions } = value;
  if (typeof tool !== 'string' || tool === '' || isDeeperThan(value, maxDepth)) return undefined;
  const text = (key: string): string | null => (typeof value[key] === 'string' ? (value[key] as string) : null);
  return {
    tool,
    input: isObject(input) ? input : {},
    suggestions: Array.isArray(suggestions) ? suggestions : [],
    agentId: text('agent_id'),
    agentType: text('agent_type'),
  };
}

function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}

export function questionKind(tool: string): QuestionKind {
  if (tool === 'AskUserQuestion') return 'question';
  return tool === 'ExitPlanMode' ? 'plan' : 'permission';
}

/** The questions of AskUserQuestion, in order; what does not have their shape is left out. */
export function askedChoices({ tool, input }: Pick<PermissionRequest, 'tool' | 'input'>): AskedChoice[] {
  if (questionKind(tool) !== 'question' || !Array.isArray(input.questions)) return [];
  return input.questions.filter(isObject).map((one) => ({
    question: String(one.question ?? ''),
    header: String(one.header ?? ''),
    multiSelect: one.multiSelect === true,
    options: (Array.isArray(one.options) ? one.options : []).filter(isObject).map((option) => ({
      label: String(option.label ?? ''),
      description: String(option.description ?? ''),
    })),
  }));
}

/** Lets the tool run. The input is echoed, because 2.1.332 takes no `allow` for a plan without it. */
export function allowReply(input: Record<string, unknown>, always?: unknown): string {
  return decision({
    behavior: 'allow',
    updatedInput: input,
    ...(always !== undefined && { updatedPermissions: [always] }),
  });
}

/** Keeps the tool from running; with `stop` the turn ends, as after Esc, and claude does not read the message. */
export function denyReply(message: string, stop: boolean): string {
  return decision({ behavior: 'deny', message, ...(stop && { interrupt: true }) });
}

/** Answers AskUserQuestion. Claude itself joins the labels of a multi-select by commas, and quotes one that holds a comma (2.1.332). */
export function answersReply(request: PermissionRequest, answers: ReadonlyArray<string | readonly string[]>): string {
  const byQuestion = askedChoices(request).map(({ question }, index) => {
    const answer = answers[index] ?? '';
    const text = typeof answer === 'string' ? answer : answer.map(quotedLabel).join(', ');
    return [question, text] as const;
  });
  return decision({
    behavior: 'allow',
    updatedInput: { ...request.input, answers: Object.fromEntries(byQuestion) },
  });
}

function quotedLabel(label: string, _index: number, all: readonly string[]): string {
  return all.length > 1 && label.includes(',') ? `"${label}"` : label;
}

function decision(value: Record<string, unknown>): string {
  return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PermissionRequest', decision: value } });
}

const destinations: Record<string, string> = {
  session: 'in this session',
  localSettings: 'in this project, for you',
  projectSettings: 'in this project, for everybody',
  userSettings: 'in every project of yours',
};

/** One of claude's suggestions in words. What we do not know is shown as it is. */
export function suggestionText(suggestion: unknown): string {
  if (!isObject(suggestion)) return JSON.stringify(suggestion) ?? '';
  const { type, destination, rules, directories, mode, behavior } = suggestion;
  const where = destinations[String(destination)] ?? String(destination ?? '');
  if (type === 'addRules' && Array.isArray(rules)) {
    const names = rules.map((rule) => {
      const { toolName, ruleContent } = isObject(rule) ? rule : {};
      return ruleContent === undefined ? String(toolName) : `${toolName}(${ruleContent})`;
    });
    return `${behavior ?? 'allow'} ${names.join(', ')} ${where}`;
  }
  if (type === 'addDirectories' && Array.isArray(directories)) {
    return `allow work in ${directories.join(', ')} ${where}`;
  }
  if (type === 'setMode') return `permission mode ${mode} ${where}`;
  return JSON.stringify(suggestion);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
