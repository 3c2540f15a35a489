/** Compares what was promised with what stands in the transcripts: lost, doubled, out of order, still open. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFinal, type Message } from '../../src/protocol/message.ts';
import { tokenPattern } from './plan.ts';
import type { Promised } from './senders.ts';

/** One record in which a message reached a session. */
interface Appearance {
  /** Nanoseconds of the machine's monotonic clock; by the real claude, milliseconds since the epoch. */
  at: bigint;
  cwd: string;
  type: string;
  file: string;
}

export interface Violation {
  kind: 'lost' | 'doubled' | 'reordered' | 'open';
  id: string;
  why: string;
  history: unknown;
  appearances: string[];
}

export interface Verdict {
  accepted: number;
  answered: number;
  failedByReason: Record<string, number>;
  byRoute: Record<string, number>;
  /** Failed because its session ended, and in no transcript: reported by claude's hook, then killed. */
  failedUnseen: number;
  /** Nobody could tell whether they had gone in: they stand still, and a person decides. In one transcript at most. */
  stuck: number;
  violations: Violation[];
}

export function judge(
  promised: ReadonlyMap<number, Promised>,
  messages: readonly Message[],
  projects: string,
): Verdict {
  const byKey = new Map(messages.map((message) => [message.key, message]));
  const numberOfId = new Map<string, number>();
  for (const one of promised.values()) {
    for (const id of one.ids) numberOfId.set(id, one.message.number);
    const known = byKey.get(one.message.key);
    if (known) numberOfId.set(known.id, one.message.number);
  }
  const seen = readAppearances(projects, numberOfId);
  const verdict: Verdict = {
    accepted: promised.size,
    answered: 0,
    failedByReason: {},
    byRoute: {},
    failedUnseen: 0,
    stuck: 0,
    violations: [],
  };
  const violation = (kind: Violation['kind'], number: number, why: string): void => {
    const one = promised.get(number);
    const message = one && byKey.get(one.message.key);
    verdict.violations.push({
      kind,
      id: message?.id ?? [...(one?.ids ?? [])].join(', '),
      why: `${tokenName(number)}${one ? ` ${one.message.kind} by ${one.message.handing}` : ''}: ${why}`,
      history: message?.history ?? 'unknown to the daemon',
      appearances: (seen.get(number) ?? []).map((at) => `${at.at} ${at.type} ${at.file}`),
    });
  };

  for (const [number, { message: planned, ids }] of promised) {
    const message = byKey.get(planned.key);
    const count = seen.get(number)?.length ?? 0;
    if (ids.size > 1) violation('doubled', number, `two ids for one key: ${[...ids].join(', ')}`);
    if (count > 1) violation('doubled', number, `in ${count} records`);
    if (!message || !ids.has(message.id)) {
      violation('lost', number, 'the daemon gave out an id that it does not know');
      continue;
    }
    if (message.state === 'answered') verdict.answered++;
    if (message.route) verdict.byRoute[message.route] = (verdict.byRoute[message.route] ?? 0) + 1;
    if (message.state === 'failed') {
      const reason = message.reason ?? 'no reason';
      verdict.failedByReason[reason] = (verdict.failedByReason[reason] ?? 0) + 1;
    }
    if (message.state === 'stuck') verdict.stuck++;
    else if (!isFinal(message.state))
      violation('open', number, `still ${message.state} (${message.reason ?? 'no reason'})`);
    else if (count === 0) {
      const died = message.state === 'failed' && /session ended/.test(message.reason ?? '');
      if (died) verdict.failedUnseen++;
      else violation('lost', number, `${message.state}, and in no transcript`);
    }
  }
  for (const number of seen.keys()) {
    if (!promised.has(number) && seen.get(number)!.length > 1)
      violation('doubled', number, 'never promised, and twice');
  }
  checkOrder(promised, messages, seen, violation);
  return verdict;
}

/** Tasks of one folder appear in the order in which the daemon accepted them, and in which each lane of senders sent them. */
function checkOrder(
  promised: ReadonlyMap<number, Promised>,
  messages: readonly Message[],
  seen: ReadonlyMap<number, Appearance[]>,
  violation: (kind: 'reordered', number: number, why: string) => void,
): void {
  const numberOfKey = new Map([...promised.values()].map((one) => [one.message.key, one.message.number]));
  const accepted = messages.map((one) => numberOfKey.get(one.key ?? '')).filter((one) => one !== undefined);
  const groups = new Map<string, number[]>();
  const add = (group: string, number: number): void => {
    groups.set(group, [...(groups.get(group) ?? []), number]);
  };
  for (const number of accepted) {
    const { message } = promised.get(number)!;
    add(`${message.kind}s of folder ${message.seat}`, number);
  }
  for (const [number, { message, lane }] of promised) add(`${message.kind}s of lane ${lane}`, number);
  const reported = new Set<number>();
  for (const [group, numbers] of groups) {
    let latest: { number: number; at: bigint } | undefined;
    for (const number of numbers) {
      const first = seen.get(number)?.[0];
      if (!first) continue;
      if (latest && first.at < latest.at) {
        if (!reported.has(number)) violation('reordered', number, `${group}: in before ${tokenName(latest.number)}`);
        reported.add(number);
      } else latest = { number, at: first.at };
    }
  }
}

function tokenName(number: number): string {
  return `message ${number}`;
}

/** Per message number, the records that show it, oldest first. */
function readAppearances(projects: string, numberOfId: ReadonlyMap<string, number>): Map<number, Appearance[]> {
  const seen = new Map<number, Appearance[]>();
  for (const folder of readdirSync(projects)) {
    for (const name of readdirSync(join(projects, folder)).filter((one) => one.endsWith('.jsonl'))) {
      for (const line of readFileSync(join(projects, folder, name), 'utf8').split('\n')) {
        const record = parseLine(line);
        if (!record || !counts(record)) continue;
        const at = BigInt(record.steadyNs ?? Date.parse(record.timestamp!));
        for (const number of numbersIn(line, numberOfId)) {
          const one = { at, cwd: record.cwd, type: record.type, file: `${folder}/${name}` };
          seen.set(number, [...(seen.get(number) ?? []), one]);
        }
      }
    }
  }
  for (const list of seen.values()) list.sort((a, b) => (a.at < b.at ? -1 : 1));
  return seen;
}

interface TranscriptRecord {
  type: string;
  cwd: string;
  /** Written by the stand-in for claude. */
  steadyNs?: string;
  /** Written by the real one. */
  timestamp?: string;
  attachment?: { type: string };
}

/** A torn last line is a claude killed in mid-write: it shows nothing to anybody. */
function parseLine(line: string): TranscriptRecord | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as TranscriptRecord);
  } catch {
    return undefined;
  }
}

function counts(record: TranscriptRecord): boolean {
  const attachment = record.attachment?.type;
  return record.type === 'user' || attachment === 'hook_additional_context' || attachment === 'queued_command';
}

function numbersIn(line: string, numberOfId: ReadonlyMap<string, number>): Set<number> {
  const numbers = new Set<number>();
  for (const match of line.matchAll(tokenPattern)) numbers.add(Number(match[1]));
  for (const match of line.matchAll(/\[claudex (m[a-z2-9]{15}) from /g)) {
    const number = numberOfId.get(match[1]!);
    if (number !== undefined) numbers.add(number);
  }
  return numbers;
}
