/** From records to turns, one record at a time: what `history`, `show`, `--follow` and the MCP tools read by. Pure. */
import { commandOutput, isLocalOutput } from './local-words.ts';
import { blocksOf, type ContentBlock, stopFeedback, type TranscriptRecord, textOf } from './record.ts';
import type { Step, ToolUse, Turn } from './turn.ts';
import { isAnswer, isInterruption, isRest, joinsPrompt, type TurnStart, turnStart } from './turn-start.ts';

/** What becomes of texts on their way into a turn: secrets masked, long results cut. Identity for `raw`. */
export interface TextShape {
  /** Prompts, answers, words put in. */
  words(text: string): string;
  /** Tool results, and each text in a tool's input. */
  tool(text: string): string;
}

export const rawText: TextShape = { words: (text) => text, tool: (text) => text };

export interface FoldListener {
  /** A turn has begun; it grows until `onEnd`. */
  onStart?(turn: Turn): void;
  /** A step was added. A tool's comes without its result. */
  onStep?(turn: Turn, step: Step): void;
  /** A tool has its result. */
  onResult?(turn: Turn, tool: ToolUse): void;
  /** Claude has come to rest: the turn is over, unless a hook or a queued prompt makes it go on. */
  onRest?(turn: Turn): void;
  /** The turn is complete as far as the file goes: the next one has begun, or the reader has stopped. */
  onEnd(turn: Turn): void;
}

export class TurnFold {
  readonly #listener: FoldListener;
  readonly #shape: TextShape;
  #nextIndex: number;
  #turn: Turn | undefined;
  #tools = new Map<string, ToolUse>();
  /** A command that may turn out to be a turn, with what came after it. */
  #command: { start: TurnStart; record: TranscriptRecord; rest: TranscriptRecord[] } | undefined;
  /** The prompt that came last. */
  #prompt: TranscriptRecord | undefined;
  #compacted = false;
  /** The time of the record that is being read. */
  #at: string | undefined;
  /**
   * Records that came before the first prompt: 2.1.197 writes the end of a session's first turn before its beginning
   * when the file is new (measured; the timestamps are right). Null once there has been a prompt.
   */
  #early: TranscriptRecord[] | null = [];

  /** @param nextIndex the index of the next turn that starts */
  constructor(listener: FoldListener, options: { shape?: TextShape; nextIndex?: number } = {}) {
    this.#listener = listener;
    this.#shape = options.shape ?? rawText;
    this.#nextIndex = options.nextIndex ?? 1;
  }

  /** The turn that is growing. */
  get turn(): Turn | undefined {
    return this.#turn;
  }

  push(record: TranscriptRecord): void {
    if (record.isSidechain) return;
    if (record.isCompactSummary || record.subtype === 'compact_boundary') this.#compacted = true;
    const start = turnStart(record);
    const before = this.#prompt;
    if (start) this.#prompt = start.tentative ? undefined : record;
    if (start?.tentative) {
      this.#command = { start, record, rest: [] };
    } else if (start && this.#turn && joinsPrompt(record, before)) {
      this.#at = record.timestamp;
      this.#added(this.#turn, 'queue', start.prompt);
    } else if (start) {
      this.#begin(start, record, this.#early ?? []);
    } else if (this.#command && isAnswer(record)) {
      const { start: command, record: first, rest } = this.#command;
      this.#begin(command, first, [...rest, record]);
    } else if (this.#command && isLocalOutput(record)) {
      this.#command = undefined;
    } else if (this.#command) {
      this.#command.rest.push(record);
    } else if (this.#turn) {
      this.#grow(record);
    } else if (isAnswer(record) || isRest(record)) {
      this.#early?.push(record);
    }
  }

  /**
   * Ends the turn that is growing. Records may go on after it.
   * @param isFollowed another turn follows it: a prompt that was stopped before claude said a word leaves no other trace
   */
  end(isFollowed = false): void {
    const turn = this.#turn;
    this.#turn = undefined;
    this.#command = undefined;
    if (!turn) return;
    const isSilent = turn.steps.every((step) => step.kind === 'added');
    if (isFollowed && isSilent && turn.outcome === 'open') turn.outcome = 'interrupted';
    this.#listener.onEnd(turn);
  }

  #begin(start: TurnStart, record: TranscriptRecord, rest: readonly TranscriptRecord[]): void {
    this.end(true);
    this.#tools.clear();
    this.#turn = {
      index: this.#nextIndex++,
      promptId: record.promptId ?? null,
      startedAt: record.timestamp ?? null,
      endedAt: record.timestamp ?? null,
      origin: start.origin,
      prompt: this.#shape.words(start.prompt),
      steps: [],
      answer: '',
      outcome: 'open',
      compactedBefore: this.#compacted,
    };
    this.#compacted = false;
    this.#early = null;
    this.#listener.onStart?.(this.#turn);
    for (const one of rest) this.#grow(one);
  }

  #grow(record: TranscriptRecord): void {
    const turn = this.#turn!;
    this.#at = record.timestamp;
    if (isAnswer(record)) this.#take(turn, record);
    else if (isInterruption(record)) this.#interrupted(turn);
    else if (record.type === 'user') this.#takeUser(turn, record);
    else if (record.type === 'attachment') this.#takeAttachment(turn, record);
    if (isRest(record) || isInterruption(record)) this.#listener.onRest?.(turn);
  }

  #interrupted(turn: Turn): void {
    turn.outcome = 'interrupted';
    turn.endedAt = this.#at ?? turn.endedAt;
  }

  #take(turn: Turn, record: TranscriptRecord): void {
    for (const block of blocksOf(record.message?.content)) {
      if (block.type === 'text' && block.text) {
        turn.answer = this.#shape.words(block.text);
        this.#step(turn, { kind: 'text', text: turn.answer });
      } else if (block.type === 'tool_use') {
        const tool = toolUse(block, this.#shape);
        this.#tools.set(tool.id, tool);
        this.#step(turn, tool);
      }
    }
    if (record.isApiErrorMessage) turn.outcome = 'failed';
    // a turn goes on after a tool, and after a Stop hook that adds something
    else turn.outcome = record.message?.stop_reason === 'end_turn' ? 'answered' : 'open';
  }

  #takeUser(turn: Turn, record: TranscriptRecord): void {
    for (const block of blocksOf(record.message?.content)) {
      const tool = block.type === 'tool_result' ? this.#tools.get(block.tool_use_id ?? '') : undefined;
      if (!tool) continue;
      const text = textOf(block.content);
      tool.result = this.#shape.tool(text);
      tool.resultBytes = Buffer.byteLength(text);
      tool.isError = block.is_error === true;
      turn.endedAt = this.#at ?? turn.endedAt;
      this.#listener.onResult?.(turn, tool);
    }
    const text = textOf(record.message?.content);
    const output = commandOutput(record);
    if (output !== undefined) this.#added(turn, 'command', output);
    else if (stopFeedback(record) !== undefined) this.#added(turn, 'hook', text);
  }

  #takeAttachment(turn: Turn, record: TranscriptRecord): void {
    const { type, content, prompt } = record.attachment ?? {};
    if (type === 'queued_command') this.#added(turn, 'queue', textOf(prompt));
    if (type !== 'hook_additional_context') return;
    const texts = Array.isArray(content) ? content.filter((one) => typeof one === 'string') : [];
    this.#added(turn, 'hook', texts.join('\n'));
  }

  #added(turn: Turn, by: 'hook' | 'queue' | 'command', text: string): void {
    if (text !== '') this.#step(turn, { kind: 'added', by, text: this.#shape.words(text) });
  }

  #step(turn: Turn, step: Step): void {
    turn.steps.push(step);
    turn.endedAt = this.#at ?? turn.endedAt;
    this.#listener.onStep?.(turn, step);
  }
}

function toolUse(block: ContentBlock, shape: TextShape): ToolUse {
  const { id = '', name = '', input = {} } = block;
  return { kind: 'tool', id, name, input: shapeTexts(input, shape), result: null, resultBytes: 0, isError: false };
}

/** `value` with every text in it shaped. */
function shapeTexts(value: unknown, shape: TextShape): unknown {
  if (typeof value === 'string') return shape.tool(value);
  if (Array.isArray(value)) return value.map((one) => shapeTexts(one, shape));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeTexts(one, shape)]));
}
