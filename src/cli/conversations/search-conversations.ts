/** `claudex search`: hits for people and as JSON. */
import { conversationFile } from '../../claude/transcript/conversation-files.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { allFiles, findConversation, type WhereToLook, whereToLook } from '../../history/find-conversation.ts';
import type { SearchHit } from '../../history/scan-transcript.ts';
import { searchTranscripts } from '../../history/search.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { askEveryMachine } from '../far/every-machine.ts';
import { goToMachine, goToNamed, otherMachine } from '../far/go-to-machine.ts';
import { openOutput, type PagedOutput } from '../text/pager.ts';
import { colours, shortPath } from '../text/render.ts';
import { hitLines, localTime } from '../text/render-turn.ts';

export interface SearchOptions {
  all?: boolean;
  machine?: string;
  mesh?: boolean;
  regex?: boolean;
  ignoreCase?: boolean;
  context: number;
  max: number;
  raw?: boolean;
  json?: boolean;
  pager: boolean;
}

interface Query {
  text: string;
  isRegex: boolean;
  ignoreCase: boolean;
}

/** Nothing was found. 1, as grep has it, is a bug of ours. */
const nothingFound = 7;

/** `claudex search` */
export async function search(asked: string | undefined, words: string[], options: SearchOptions): Promise<void> {
  const all = options.all === true;
  if (options.mesh && (!all || options.machine !== undefined || options.raw))
    throw new ClaudexError('USAGE', '--mesh goes with --all, and with neither --machine nor --raw.');
  await goToNamed(options.machine);
  const target = all ? asked : await goToMachine(asked);
  const text = (all && target !== undefined ? [target, ...words] : words).join(' ');
  if (!all && target === undefined) throw new ClaudexError('USAGE', 'Say where to search, or --all.');
  if (text === '' && !all) {
    throw new ClaudexError(
      'USAGE',
      `Say what to search for: claudex search . ${target}, or claudex search --all ${target}.`,
    );
  }
  const files = async (): Promise<ReturnType<typeof allFiles>> => {
    const where = await whereToLook(await ensureDaemon(process.env), claudeConfigDir(process.env));
    return all ? allFiles(where) : filesOf(pathTarget(target!), where);
  };
  const query = { text, isRegex: options.regex === true, ignoreCase: options.ignoreCase === true };
  const hits = elsewhere()
    ? farHits(query, all ? undefined : pathTarget(target!), options)
    : searchTranscripts(files, query, {
        context: options.context,
        maxHits: options.max,
        raw: options.raw === true,
      });
  const everywhere = options.mesh ? alsoElsewhere(hits, query, options) : marked(hits, otherMachine());
  const count = options.json ? await printJson(everywhere) : await printText(everywhere, options);
  if (count === 0) {
    process.exitCode = nothingFound;
    if (!options.json && process.stderr.isTTY) process.stderr.write('Nothing found.\n');
  }
  if (count === options.max) process.stderr.write(`Stopped after ${count} hits; --max ${10 * count} shows more.\n`);
}

/** With the machine of the mesh that it is from. */
type AnyHit = SearchHit & { machine?: string };

async function* marked(hits: AsyncIterable<SearchHit>, machine: string | undefined): AsyncGenerator<AnyHit> {
  for await (const hit of hits) yield machine === undefined ? hit : { ...hit, machine };
}

/** After those of this machine those of each other one. */
async function* alsoElsewhere(
  hits: AsyncIterable<SearchHit>,
  query: Query,
  { context, max }: SearchOptions,
): AsyncGenerator<AnyHit> {
  const told = askEveryMachine((there) => there.search({ ...query, session: undefined, context, max }));
  // it is waited for below, after whatever goes wrong here
  told.catch(() => undefined);
  let left = max;
  for await (const hit of hits) {
    yield hit;
    if (--left === 0) return;
  }
  for (const { machine, answer } of await told) {
    for (const hit of answer.hits as SearchHit[]) {
      if (left-- === 0) return;
      yield { ...hit, machine };
    }
  }
}

/** The other machine masks secrets, always. */
async function* farHits(
  query: Query,
  session: string | undefined,
  { context, max, raw }: SearchOptions,
): AsyncGenerator<SearchHit> {
  if (raw) throw new ClaudexError('NOT_FROM_AFAR', 'Asked for --raw.');
  const { hits } = await elsewhere()!.search({ ...query, session, context, max });
  yield* hits as SearchHit[];
}

/** A folder has all its conversations searched, a session the present one. */
function filesOf(target: string, where: WhereToLook): ReturnType<typeof allFiles> {
  if (target.startsWith('/')) {
    const files = allFiles(where, target.length > 1 ? target.replace(/\/+$/, '') : target);
    if (files.length > 0) return files;
  }
  const file = conversationFile(findConversation(target, where).path);
  return file ? [file] : [];
}

async function printJson(hits: AsyncIterable<AnyHit>): Promise<number> {
  const found: AnyHit[] = [];
  for await (const hit of hits) found.push(hit);
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  return found.length;
}

async function printText(hits: AsyncIterable<AnyHit>, options: SearchOptions): Promise<number> {
  const chalk = colours(process.stdout);
  // opened for the first hit only: whatever is wrong with the question is said without a pager
  let output: PagedOutput | undefined;
  let count = 0;
  let of: AnyHit | undefined;
  try {
    for await (const hit of hits) {
      output ??= openOutput(options.pager);
      count++;
      const isNew = of?.path !== hit.path || of.machine !== hit.machine;
      const heading = `${chalk.bold(folderText(hit))}  ${hit.sessionId}  ${localTime(hit.at)}\n`;
      const gap = isNew && of ? '\n' : options.context > 0 && of ? chalk.dim('  --\n') : '';
      of = hit;
      if (!(await output.write(`${gap}${isNew ? heading : ''}${hitLines(hit, chalk)}\n`))) break;
    }
  } finally {
    await output?.end();
  }
  return count;
}

/** A folder of another machine is none of one's own home. */
function folderText({ cwd, machine }: AnyHit): string {
  return machine === undefined ? shortPath(cwd ?? '?') : `${cwd ?? '?'}@${machine}`;
}
