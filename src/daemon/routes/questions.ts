/** Routes about what claude asks: what is open, and answering it. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { peerPid } from '../../process/peer.ts';
import { parseAnswer } from '../../protocol/parse-answer.ts';
import type { Question } from '../../protocol/question.ts';
import type { RouteDefinition, RouteRequest } from '../http-server.ts';
import type { OpenQuestions } from '../questions/open-questions.ts';
import type { QuestionsLog } from '../questions/questions-log.ts';
import { personAsking } from '../questions/who-may-answer.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

export interface QuestionRoutesOptions {
  questions: OpenQuestions;
  questionsLog: QuestionsLog;
  registry: Pick<SessionRegistry, 'claudeAbove'>;
  /** Claude's config folder where a session has none of its own. */
  configDir: string;
}

export function questionRoutes(options: QuestionRoutesOptions): RouteDefinition[] {
  const { questions, questionsLog, registry, configDir } = options;
  return [
    { method: 'GET', path: '/v1/questions', who: 'local', handle: list },
    { method: 'GET', path: '/v1/questions/:id', who: 'local', handle: question },
    {
      method: 'POST',
      path: '/v1/questions/:id/answer',
      who: 'local',
      handle: answer,
    },
  ];

  function answer({ params, body, response }: RouteRequest): Promise<Question> {
    const id = params[0]!;
    const request = parseAnswer(body);
    try {
      personAsking(response.socket, registry, configDir);
    } catch (error) {
      if (error instanceof ClaudexError) questionsLog.refused(id, error.facts);
      throw error;
    }
    return questions.answer(id, request);
  }

  function list({ query, response }: RouteRequest): { questions: Question[] } {
    const session = query.get('session');
    const all = questions.all({ ended: query.get('ended') === 'true' ? Number.POSITIVE_INFINITY : 0 });
    const wanted = session === null ? all : all.filter((one) => one.session === session);
    questionsLog.shown(wanted, peerPid(response.socket));
    return { questions: wanted };
  }

  function question({ params, response }: RouteRequest): Question {
    const id = params[0]!;
    const found = questions.get(id);
    if (!found) throw new ClaudexError('NO_SUCH_QUESTION', `Asked for "${id.slice(0, 40)}".`);
    questionsLog.shown([found], peerPid(response.socket));
    return found;
  }
}
