/** The daemon as a service of the system: after a login or a reboot it brings the sessions that were running back. */
import type { Command } from 'commander';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { installService, serviceOf, serviceStatus, uninstallService } from '../service/service-files.ts';
import { shortPath } from '../text/render.ts';

export function addService(program: Command): void {
  const service = program
    .command('service')
    .description(
      'start the daemon at each login, so that managed sessions come back after a reboot and schedules go on',
    )
    .addHelpText('after', '\nExamples:\n  claudex service install\n  claudex service status --json');
  service
    .command('install')
    .description('a systemd user unit, or a launchd agent')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex service install')
    .action((options: { json?: boolean }) => {
      const one = serviceOf(process.env);
      const said = installService(one);
      if (options.json) return printJson({ ...serviceStatus(one), note: said ?? null });
      process.stdout.write(
        `Installed: ${shortPath(one.path)}. The daemon starts at the next login, and brings back the managed sessions that were running.\n`,
      );
      if (said !== undefined) process.stdout.write(`Note: ${one.kind} does not take it before then: ${said}\n`);
      if (one.kind === 'systemd') {
        process.stdout.write('Note: to have it at boot already, before you log in: loginctl enable-linger\n');
      }
    });
  service
    .command('uninstall')
    .description('take it away again; the daemon and the sessions that run go on')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex service uninstall')
    .action((options: { json?: boolean }) => {
      const one = serviceOf(process.env);
      const removed = uninstallService(one);
      if (options.json) return printJson({ ...serviceStatus(one), removed });
      process.stdout.write(removed ? `Removed ${shortPath(one.path)}.\n` : 'It is not installed.\n');
    });
  service
    .command('status')
    .description('say whether it is installed, and whether the daemon runs')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex service status')
    .action(async (options: { json?: boolean }) => {
      const status = serviceStatus(serviceOf(process.env));
      const daemon = await (await connectDaemon(process.env))?.status();
      if (options.json) printJson({ ...status, daemon: daemon?.pid ?? null });
      else {
        const what = !status.installed
          ? 'It is not installed: claudex service install.'
          : !status.enabled
            ? `${shortPath(status.path)} is there and not enabled: claudex service install.`
            : !status.upToDate
              ? `${shortPath(status.path)} starts another claudex or Node: claudex service install.`
              : `Installed: ${shortPath(status.path)}.`;
        process.stdout.write(
          `${what} ${daemon ? `The daemon runs (pid ${daemon.pid}).` : 'The daemon does not run.'}\n`,
        );
      }
      if (!status.enabled) process.exitCode = 3;
    });
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
