/** Our hook entries inside a settings text: found, put in, brought up to date, taken out. */
import { isDeepStrictEqual } from 'node:util';
import { getNodeValue, type Node } from 'jsonc-parser';
import { type ClaudexSettings, isClaudexCommand, isWaiterCommand } from '../src/claude/hooks/hook-settings.ts';
import {
  appendChild,
  memberOf,
  parseSettingsObject,
  positionOf,
  removeChild,
  replaceNode,
  unreadable,
} from './settings-text.ts';

type HookGroup = ClaudexSettings['hooks'][string][number];

interface OwnHandler {
  event: string;
  /** `hooks`, `hooks.<event>`, its group, and the group's handlers. */
  nodes: { hooks: Node; groups: Node; group: Node; handlers: Node };
  handler: Node;
}

/**
 * The settings object of a text, its hooks checked to have the shape that edits rely on.
 * @throws ClaudexError USER_SETTINGS_UNREADABLE.
 */
export function parseSettings(body: string, file: string): Node {
  const root = parseSettingsObject(body, file);
  const wrong = (node: Node, what: string) => unreadable(file, `${positionOf(body, node.offset)} (${what}).`);
  const hooks = memberOf(root, 'hooks');
  if (hooks && hooks.type !== 'object') throw wrong(hooks, 'hooks is not an object');
  for (const property of hooks?.children ?? []) {
    const [name, groups] = property.children!;
    if (groups?.type !== 'array') throw wrong(groups ?? property, `hooks.${name!.value} is not an array`);
  }
  return root;
}

function ownHandlers(root: Node): OwnHandler[] {
  const hooks = memberOf(root, 'hooks');
  const found: OwnHandler[] = [];
  for (const property of hooks?.children ?? []) {
    const [name, groups] = property.children!;
    for (const group of groups?.children ?? []) {
      const handlers = group.type === 'object' ? memberOf(group, 'hooks') : undefined;
      for (const handler of handlers?.type === 'array' ? (handlers.children ?? []) : []) {
        if (handler.type !== 'object' || !isClaudexCommand(memberOf(handler, 'command')?.value)) continue;
        found.push({
          event: name!.value,
          nodes: { hooks: hooks!, groups: groups!, group, handlers: handlers! },
          handler,
        });
      }
    }
  }
  return found;
}

/** Makes `group` the one claudex entry of its kind in `event`: an older one is replaced where it stands, doubles go. */
export function ensureHookGroup(text: string, file: string, event: string, group: HookGroup): string {
  const waits = isWaiterCommand(group.hooks[0]!.command);
  const ownOf = (body: string) =>
    ownHandlers(parseSettings(body, file)).filter(
      (own) => own.event === event && isWaiterCommand(String(memberOf(own.handler, 'command')?.value)) === waits,
    );
  let body = text;
  const own = ownOf(body);
  let keep = own.findIndex(({ nodes }) => !memberOf(nodes.group, 'matcher'));
  const kept = own[keep];
  const [desired] = group.hooks;
  if (!kept) {
    body = appendGroup(body, file, event, group);
    keep = own.length;
    // spread: jsonc-parser's objects have no prototype, which would count as a difference
  } else if (!isDeepStrictEqual({ ...getNodeValue(kept.handler) }, desired)) {
    body = replaceNode(body, kept.handler, desired);
  }
  for (let index = own.length - 1; index >= 0; index--) {
    if (index === keep) continue;
    body = removeHandler(body, parseSettings(body, file), ownOf(body)[index]!, []);
  }
  return body;
}

function appendGroup(body: string, file: string, event: string, group: unknown): string {
  const root = parseSettings(body, file);
  const hooks = memberOf(root, 'hooks');
  if (!hooks) return appendChild(body, root, { [event]: [group] }, 'hooks');
  const groups = memberOf(hooks, event);
  return groups ? appendChild(body, groups, group) : appendChild(body, hooks, [group], event);
}

/** Takes our handlers out of every event that `isMeant`; what is left empty goes too, except for `keepEmpty`. */
export function removeHooks(
  text: string,
  file: string,
  keepEmpty: string[],
  isMeant: (event: string) => boolean,
): string {
  let body = text;
  for (;;) {
    const root = parseSettings(body, file);
    const own = ownHandlers(root).find(({ event }) => isMeant(event));
    if (!own) return body;
    body = removeHandler(body, root, own, keepEmpty);
  }
}

/** Takes out the handler, or as much around it as would be left empty. */
function removeHandler(body: string, root: Node, { event, nodes, handler }: OwnHandler, keepEmpty: string[]): string {
  const { hooks, groups, group, handlers } = nodes;
  if (handlers.children!.length > 1) return removeChild(body, handlers, handlers.children!.indexOf(handler));
  if (groups.children!.length > 1 || keepEmpty.includes(`hooks.${event}`)) {
    return removeChild(body, groups, groups.children!.indexOf(group));
  }
  if (hooks.children!.length > 1 || keepEmpty.includes('hooks')) {
    return removeChild(body, hooks, hooks.children!.indexOf(groups.parent!));
  }
  return removeChild(body, root, root.children!.indexOf(hooks.parent!));
}

/** `hooks` and `hooks.<event>` that are there and empty. */
export function emptyContainers(root: Node): string[] {
  const hooks = memberOf(root, 'hooks');
  if (!hooks) return [];
  if (!hooks.children?.length) return ['hooks'];
  return hooks.children
    .filter((property) => !property.children![1]!.children?.length)
    .map((property) => `hooks.${property.children![0]!.value}`);
}
