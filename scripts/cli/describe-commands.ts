import type { Command } from 'commander';

const intro = `# Command line

\`plumbline\` does from a shell what the pages do in a browser, through the same services. This page is written by \`npx tsx scripts/cli/write-docs.ts\` from what \`--help\` says; a test compares the two.

\`\`\`
node bin/plumbline.mjs --help      # in the checkout
npx plumbline --help               # the same
\`\`\`

- **Results** go to stdout, progress and messages to stderr. With \`--json\` stdout holds one JSON object and nothing else (\`train\` prints one a step before it); after a failure it is \`{"error": {"code", "message", "remedy", "details"}}\`.
- **Exit codes**: 0 done; 1 failed; 2 wrong usage, or what was given is wrong or not there; 3 database, queue, disk or engine cannot be had now; 130 stopped by Ctrl-C. \`doctor\` ends with 1 where something is bad.
- **Names**: models, datasets and loops by name or id, projects by address or id.
- **Where**: \`PLUMBLINE_HOME\` names the data folder (default: \`.plumbline\` in the checkout), \`DATABASE_URL\` and \`REDIS_URL\` replace the embedded parts. An embedded database that does not run is started for the command and stopped after it; one that \`npm start\` or another command uses is left running.
- **Who**: what is done here stands in the record as done by the command line, not by a person.
- \`PLUMBLINE_DEBUG=1\` shows the stack of an error. \`PLUMBLINE_DEV=1\` runs the source instead of the build.
`;

const ownOptions = new Set(['--json', '--help', '--version']);

/** Every command that does something, depth first. */
export function leafCommands(program: Command): { path: string; command: Command }[] {
  const found: { path: string; command: Command }[] = [];
  const visit = (command: Command, path: string) => {
    for (const child of command.commands) {
      const childPath = `${path} ${child.name()}`;
      if (child.commands.length === 0) found.push({ path: childPath, command: child });
      else visit(child, childPath);
    }
  };
  visit(program, program.name());
  return found;
}

/** docs/command-line.md. */
export function describeCommands(program: Command): string {
  return [intro, ...leafCommands(program).map(({ path, command }) => describe(path, command))].join('\n');
}

function describe(path: string, command: Command): string {
  const args = command.registeredArguments.map((each) => (each.required ? `<${each.name()}>` : `[${each.name()}]`));
  const lines = [`## \`${[path, ...args].join(' ')}\``, '', sentence(command.description()), ''];
  for (const each of command.registeredArguments) {
    const choices = each.argChoices ? `: ${each.argChoices.join(', ')}` : '';
    lines.push(`- \`<${each.name()}>\` ${each.description}${choices}`);
  }
  for (const option of command.options) {
    if (option.hidden || ownOptions.has(option.long ?? '')) continue;
    const notes = [
      ...(option.mandatory ? ['needed'] : []),
      ...(option.argChoices ? [option.argChoices.join(', ')] : []),
      ...(option.defaultValue === undefined ? [] : [`default: ${String(option.defaultValue)}`]),
    ];
    lines.push(`- \`${option.flags}\` ${option.description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`);
  }
  const after = textAfter(command);
  return `${lines.join('\n').trimEnd()}\n\n${after}`;
}

/** What stands below the options in --help: remarks, then the example, which becomes a block of code. */
function textAfter(command: Command): string {
  let help = '';
  command.configureOutput({
    ...command.configureOutput(),
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  const at = help.indexOf('  -h, --help');
  const rest = help.slice(help.indexOf('\n', at)).trim();
  const [remarks = '', example = ''] = rest.split(/^Example:\n/m);
  const block = example.replaceAll(/^ {2}/gm, '').trim();
  return [...(remarks.trim() === '' ? [] : [remarks.trim(), '']), '```', block, '```', ''].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
