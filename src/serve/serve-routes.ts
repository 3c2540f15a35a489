/** What the server answers: messages, models, health, metrics. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { modelAliases } from '../claude/command-line/models.ts';
import type { Log } from '../home/log.ts';
import { isSameText } from '../http/who-may-ask.ts';
import { ApiError, busy, logFieldsOf, toApiError } from './api-error.ts';
import { parseMessageRequest } from './message-request.ts';
import { MessageStream, messageBody } from './message-stream.ts';
import { type Metrics, metricsContentType } from './metrics.ts';
import { type AddRoutes, bodyOf, type ServeContext, sendError } from './serve-server.ts';
import type { ServedWorkspace } from './served-workspace.ts';
import { folderOf, type Workspace, workspaceOfToken } from './workspaces.ts';

export interface RoutesOptions {
  served: readonly ServedWorkspace[];
  /** May read the metrics of every workspace, and nothing else. */
  metricsToken: string;
  metrics: Metrics;
  log: Log;
  /** True once the server is to end. */
  isDraining: () => boolean;
}

/** Fields of the Messages API that an SDK must send and claude has no way to keep, named in each answer. */
const notEnforced = 'max_tokens';

export function serveRoutes({ served, metricsToken, metrics, log, isDraining }: RoutesOptions): AddRoutes {
  const workspaces = served.map(({ workspace }) => workspace);

  return (app) => {
    app.get('/health', (context) =>
      context.json({ status: isDraining() ? 'draining' : 'ok' }, isDraining() ? 503 : 200),
    );
    app.get('/metrics', async (context, next) => {
      const token = context.get('token');
      const isOperator = isSameText(metricsToken, token);
      const workspace = workspaceOfToken(workspaces, token);
      if (!isOperator && !workspace) return next();
      return context.body(metrics.render(workspace?.name), 200, { 'content-type': metricsContentType });
    });
    app.all('*', async (context) => {
      const { method } = context.req;
      const workspace = workspaceOfToken(workspaces, context.get('token'));
      if (!workspace) {
        throw new ApiError(401, 'invalid x-api-key: `claudex serve --print-token` shows the token of each workspace.');
      }
      const { route, cwd } = place(workspace, context.get('segments'));
      if (route === 'v1/models' && method === 'GET') return context.json(modelList());
      if (route.startsWith('v1/models/') && method === 'GET') {
        return context.json(modelNamed(route.slice('v1/models/'.length)));
      }
      if (route !== 'v1/messages')
        throw new ApiError(404, `claudex serve has no /${route}; it has /v1/messages and /v1/models.`);
      if (method !== 'POST') throw new ApiError(405, `/v1/messages takes POST, not ${method}.`);
      if (isDraining()) throw busy(503, 'The server is ending.');
      return answerMessage(context, served.find((one) => one.workspace === workspace)!, cwd);
    });
  };

  async function answerMessage(context: ServeContext, target: ServedWorkspace, cwd: string): Promise<Response> {
    const { incoming, outgoing } = context.env;
    const requestId = context.get('requestId');
    const startedAt = performance.now();
    const gone = new AbortController();
    // nobody waits for the answer any more
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    const headers = {
      'claudex-workspace': encodeURIComponent(target.workspace.name),
      'claudex-not-enforced': notEnforced,
    };
    const stream = new MessageStream(outgoing, headers);
    let refusal: ApiError | undefined;
    try {
      refuseBetas(incoming.headers['anthropic-beta']);
      const message = parseMessageRequest(await bodyOf(context));
      const onPart: Parameters<ServedWorkspace['ask']>[1] = (part) => {
        if (message.stream) stream.part(part);
      };
      const answer = await target.ask({ ...message, cwd }, onPart, gone.signal);
      if (!message.stream) {
        return context.json(messageBody(answer), 200, { ...headers, 'claudex-session-id': answer.sessionId });
      }
      stream.finish(answer);
    } catch (thrown) {
      refusal = toApiError(thrown);
      if (!stream.fail(refusal, requestId)) sendError(outgoing, refusal, requestId);
    } finally {
      const status = gone.signal.aborted ? 499 : (refusal?.status ?? 200);
      metrics.add('claudex_serve_requests_total', { ...target.labels, status: String(status) });
      const tookMs = Math.round(performance.now() - startedAt);
      log('request', { ...target.labels, requestId, tookMs, ...logFieldsOf(refusal), status });
    }
    return RESPONSE_ALREADY_SENT;
  }
}

/** The route, and the folder that claude is to work in: `/w/<workspace>/<folder…>` in front of the API's own path. */
function place(workspace: Workspace, segments: readonly string[]): { route: string; cwd: string } {
  if (segments[0] !== 'w') return { route: segments.join('/'), cwd: folderOf(workspace, []) };
  const api = segments.lastIndexOf('v1');
  const end = api === -1 ? segments.length : api;
  if (segments[1] !== workspace.name) throw new ApiError(403, 'This token is for another workspace.');
  return { route: segments.slice(end).join('/'), cwd: folderOf(workspace, segments.slice(2, end)) };
}

function refuseBetas(header: string | string[] | undefined): void {
  if (header)
    throw new ApiError(400, `anthropic-beta: claudex serve has no beta features (${String(header)}). Leave it out.`);
}

function modelList(): object {
  const data = modelAliases.map(modelInfo);
  return { data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id };
}

function modelNamed(id: string): object {
  const alias = modelAliases.find((one) => one === id);
  if (!alias)
    throw new ApiError(
      404,
      `model: ${id} is none of ${modelAliases.join(', ')}; a full model name may be used all the same.`,
    );
  return modelInfo(alias);
}

function modelInfo(id: string): { id: string } {
  // the API's own value for a date that is not known
  const info = { type: 'model', display_name: `The ${id} that claude chooses`, created_at: '1970-01-01T00:00:00Z' };
  return { id, ...info };
}
