/** The API stand-in that `claudex demo` uses too. */
export {
  type LoopbackApi,
  type LoopbackReply,
  type LoopbackRequest,
  type LoopbackScript,
  type LoopbackToolUse,
  startLoopbackApi,
} from '../../src/demo/stand-ins/messages-api.ts';
