/** What the system is told so that it starts the daemon at a login: a systemd user unit, a launchd agent. Pure. */

export interface ServiceCommand {
  /** Node. */
  node: string;
  /** `bin/claudex.js`: it stays where it is from one version to the next. */
  claudex: string;
  /** Where the log of what keeps the daemon from starting goes (launchd; systemd has its journal). */
  errorLog: string;
  /** CLAUDEX_HOME where it is not the usual one. */
  home: string | undefined;
}

/**
 * KillMode=process: hosts are in the unit's control group and outlive the daemon. No PrivateTmp: sockets may stand in the temporary folder.
 * A daemon that finds another one ends well, and so does one that nobody needs.
 */
export function systemdUnit({ node, claudex, home }: ServiceCommand): string {
  return `[Unit]
Description=claudex: managed Claude Code sessions and their messages

[Service]
Type=exec
ExecStart=${[node, claudex, 'daemon', 'run'].map(commandWord).join(' ')}
${home === undefined ? '' : `Environment=${systemdWord(`CLAUDEX_HOME=${home}`)}\n`}KillMode=process
Restart=on-failure
RestartSec=2

[Install]
WantedBy=default.target
`;
}

/** AbandonProcessGroup: hosts outlive the daemon. */
export function launchdAgent({ node, claudex, errorLog, home }: ServiceCommand): string {
  const text = (value: string): string => `<string>${xmlText(value)}</string>`;
  const environment =
    home === undefined
      ? ''
      : `  <key>EnvironmentVariables</key>
  <dict>
    <key>CLAUDEX_HOME</key>
    ${text(home)}
  </dict>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${text(launchdLabel)}
  <key>ProgramArguments</key>
  <array>
${[node, claudex, 'daemon', 'run'].map((word) => `    ${text(word)}\n`).join('')}  </array>
${environment}  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>AbandonProcessGroup</key>
  <true/>
  <key>StandardErrorPath</key>
  ${text(errorLog)}
</dict>
</plist>
`;
}

export const systemdUnitName = 'claudex.service';
export const launchdLabel = 'claudex.daemon';

/** The same in a command line, where a dollar begins a variable. */
function commandWord(word: string): string {
  return systemdWord(word).replaceAll('$', '$$$$');
}

/** One word as systemd reads it: no specifier, no escape of its own. */
function systemdWord(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
