/** What the server answers: messages, models, health, metrics. */
import { modelAliases } from '../claude/command-line/models.ts';
import type { Log } from '../home/log.ts';
import { ApiError, busy, logFieldsOf, toApiError } from './api-error.ts';
import { type Handler, refuse, type ServeRequest, sendJson } from './http-server.ts';
import { parseMessageRequest } from './message-request.ts';
import { MessageStream, messageBody } from './message-stream.ts';
import { type Metrics, metricsContentType } from './metrics.ts';
import type { ServedWorkspace } from './served-workspace.ts';
import { folderOf, isSameText, type Workspace, workspaceOfToken } from './workspaces.ts';

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

export function serveRoutes({ served, metricsToken, metrics, log, isDraining }: RoutesOptions): Handler {
  const workspaces = served.map(({ workspace }) => workspace);

  return async (request) => {
    const { method, segments, token, response } = request;
    const path = segments.join('/');
    if (path === 'health' && method === 'GET') {
      return sendJson(response, isDraining() ? 503 : 200, { status: isDraining() ? 'draining' : 'ok' });
    }
    const isOperator = isSameText(metricsToken, token);
    const workspace = workspaceOfToken(workspaces, token);
    if (path === 'metrics' && method === 'GET' && (isOperator || workspace)) {
      response.writeHead(200, { 'content-type': metricsContentType }).end(metrics.render(workspace?.name));
      return;
    }
    if (!workspace) {
      throw new ApiError(401, 'invalid x-api-key: `claudex serve --print-token` shows the token of each workspace.');
    }
    const { route, cwd } = place(workspace, segments);
    if (route === 'v1/models' && method === 'GET') return sendJson(response, 200, modelList());
    if (route.startsWith('v1/models/') && method === 'GET') {
      return sendJson(response, 200, modelNamed(route.slice('v1/models/'.length)));
    }
    if (route !== 'v1/messages')
      throw new ApiError(404, `claudex serve has no /${route}; it has /v1/messages and /v1/models.`);
    if (method !== 'POST') throw new ApiError(405, `/v1/messages takes POST, not ${method}.`);
    if (isDraining()) throw busy(503, 'The server is ending.');
    await answerMessage(request, served.find((one) => one.workspace === workspace)!, cwd);
  };

  async function answerMessage(request: ServeRequest, target: ServedWorkspace, cwd: string): Promise<void> {
    const { requestId, response } = request;
    const startedAt = performance.now();
    const gone = new AbortController();
    // nobody waits for the answer any more
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const headers = {
      'claudex-workspace': encodeURIComponent(target.workspace.name),
      'claudex-not-enforced': notEnforced,
    };
    const stream = new MessageStream(response, headers);
    let refusal: ApiError | undefined;
    try {
      refuseBetas(request.headers['anthropic-beta']);
      const message = parseMessageRequest(await request.readBody());
      const onPart: Parameters<ServedWorkspace['ask']>[1] = (part) => {
        if (message.stream) stream.part(part);
      };
      const answer = await target.ask({ ...message, cwd }, onPart, gone.signal);
      if (message.stream) stream.finish(answer);
      else sendJson(response, 200, messageBody(answer), { ...headers, 'claudex-session-id': answer.sessionId });
    } catch (thrown) {
      refusal = toApiError(thrown);
      if (!stream.fail(refusal, requestId)) refuse(response, refusal, requestId);
    } finally {
      const status = gone.signal.aborted ? 499 : (refusal?.status ?? 200);
      metrics.add('claudex_serve_requests_total', { ...target.labels, status: String(status) });
      const tookMs = Math.round(performance.now() - startedAt);
      log('request', { ...target.labels, requestId, tookMs, ...logFieldsOf(refusal), status });
    }
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
