/** The words that are ours, and only as the exact first argument; `claudex -- …` always goes to claude. */
export const ownCommands = [
  'send',
  'ask',
  'inbox',
  'list',
  'board',
  'start',
  'attach',
  'detach',
  'peek',
  'stop',
  'resume',
  'restart',
  'forget',
  'up',
  'down',
  'service',
  'waiting',
  'approve',
  'deny',
  'answer',
  'name',
  'history',
  'search',
  'usage',
  'show',
  'whoami',
  'status',
  'config',
  'install',
  'uninstall',
  'daemon',
  'prompt',
  'warm',
  'serve',
  'web',
  'mesh',
  'host',
  'demo',
  'mcp-server',
  'completion',
  'version',
  'help',
] as const;

const ownFlags = ['--version', '-v', '-V', '--help', '-h', '--host'];

/** `--host=devbox` too: claude has no such option, and what stands behind it is a command of ours. */
export function isOwnCommand(word: string | undefined): boolean {
  return (
    word !== undefined && ([...ownCommands, ...ownFlags] as string[]).includes(word.replace(/^(--host)=.*/s, '$1'))
  );
}
