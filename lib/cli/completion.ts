import { version } from '../base/version.ts';
import { type CommandInfo, defineCommand, exitCodes, type Option, UsageError } from './command.ts';

/** A command and its line in the overview. */
export interface DescribedCommand extends CommandInfo {
  readonly summary: string;
}

const writers = { bash: formatBash, zsh: formatZsh, fish: formatFish, man: formatManual } as const;
const names = Object.keys(writers);

/** `muster completion`. `describeAll` returns all commands, including this one. */
export function completionOf(describeAll: () => Promise<readonly DescribedCommand[]>) {
  return defineCommand({
    name: 'completion',
    description:
      'Prints the completion of muster for a shell (bash, zsh or fish), or its manual page (man).\n' +
      'bash: source <(muster completion bash), in ~/.bashrc. zsh: write it to a file _muster in a folder of $fpath.\n' +
      'fish: write it to ~/.config/fish/completions/muster.fish.',
    examples: [
      'muster completion bash > /etc/bash_completion.d/muster',
      'muster completion zsh > ~/.zfunc/_muster',
      'muster completion man > /usr/local/share/man/man1/muster.1',
    ],
    options: {},
    argument: 'SHELL',
    argumentChoices: names,
    async run(_, io, shell) {
      const write = Object.entries(writers).find(([name]) => name === shell)?.[1];
      if (write === undefined) throw new UsageError(`give one of ${names.join(', ')}`);
      await io.out(write(await describeAll()));
      return exitCodes.good;
    },
  });
}

/** An option with its long name. */
interface Flag extends Option {
  readonly long: string;
}

/** Names of values that are paths. */
const paths = ['FILE', 'DIR', 'STORE'];

function flagsOf({ options }: CommandInfo): readonly Flag[] {
  const help: Flag = { long: 'help', short: 'h', help: 'Show this help.' };
  return [...Object.entries(options).map(([long, option]) => ({ ...option, long })), help];
}

function spellings({ long, short }: Flag): readonly string[] {
  return [`--${long}`, ...(short === undefined ? [] : [`-${short}`])];
}

function takesPath({ value }: Option): boolean {
  return value !== undefined && paths.includes(value);
}

/** The possible first words. */
function firstWords(commands: readonly DescribedCommand[]): readonly string[] {
  return [...commands.map(({ name }) => name), 'help', 'version'];
}

function formatBash(commands: readonly DescribedCommand[]): string {
  const names = commands.map(({ name }) => name);
  const values = commands.flatMap((command) =>
    flagsOf(command)
      .filter(({ value }) => value !== undefined)
      .map((flag) => {
        const when = spellings(flag).map((spelling) => `"${command.name} ${spelling}"`);
        const what = takesPath(flag) ? 'files=1' : `words="${(flag.choices ?? []).join(' ')}"`;
        return `      ${when.join('|')}) ${what} ;;\n`;
      }),
  );
  const options = commands.map((command) => {
    const words = [...(command.argumentChoices ?? []), ...flagsOf(command).map(({ long }) => `--${long}`)];
    return `          ${command.name}) words="${words.join(' ')}" ;;\n`;
  });
  return `# Completion of muster ${version} for bash.
_muster() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" files=""
  # Of --output=json bash makes three words.
  if [[ $current == "=" ]]; then current=""; elif [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    words="${firstWords(commands).join(' ')}"
  else
    case "\${COMP_WORDS[1]} $previous" in
      "help help") words="${names.join(' ')}" ;;
${values.join('')}      *)
        case "\${COMP_WORDS[1]}" in
${options.join('')}        esac ;;
    esac
  fi
  if [[ -n $files ]]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _muster muster
`;
}

function formatZsh(commands: readonly DescribedCommand[]): string {
  const summaries = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}\n`);
  const cases = commands.map((command) => {
    const choices = command.argumentChoices;
    const specs = flagsOf(command).map(zshSpec);
    const rest = choices === undefined ? [] : [quote(`1:${command.argument}:(${choices.join(' ')})`)];
    return `    ${command.name}) _arguments ${[...specs, ...rest].join(' \\\n      ')} ;;\n`;
  });
  return `#compdef muster
# Completion of muster ${version} for zsh.
_muster() {
  local -a commands
  commands=(
${summaries.join('')}    'help:Show the help of a command'
    'version:Show the version'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
    help) _describe command commands ;;
${cases.join('')}  esac
}
if [ "$funcstack[1]" = "_muster" ]; then _muster "$@"; else compdef _muster muster; fi
`;
}

function zshSpec(flag: Flag): string {
  const { help, value, choices, multiple } = flag;
  const note = `[${help.replace(/[[\]:\\]/g, '\\$&')}]`;
  const values = choices === undefined ? (takesPath(flag) ? '_files' : ' ') : `(${choices.join(' ')})`;
  const what = value === undefined ? '' : `:${value}:${values}`;
  const each = spellings(flag);
  const others = multiple === true ? '*' : `(${each.join(' ')})`;
  return each.map((spelling) => quote(`${others}${spelling}${note}${what}`)).join(' ');
}

function formatFish(commands: readonly DescribedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const { name, summary, argumentChoices } = command;
    const when = `-n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    const options = flagsOf(command).map((flag) => {
      const { long, short, value, choices, help } = flag;
      const kind = value === undefined ? '' : takesPath(flag) ? ' -r -F' : ' -x';
      const words = choices === undefined ? '' : ` -a ${quote(choices.join(' '))}`;
      return `complete -c muster ${when} -l ${long}${short === undefined ? '' : ` -s ${short}`}${kind}${words} -d ${quote(help)}`;
    });
    const own =
      argumentChoices === undefined
        ? []
        : [`complete -c muster ${when} -a ${quote(argumentChoices.join(' '))}`];
    return [
      `complete -c muster -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...options,
      ...own,
    ];
  });
  const more = [
    `complete -c muster -n __fish_use_subcommand -a help -d 'Show the help of a command'`,
    `complete -c muster -n '__fish_seen_subcommand_from help' -a ${quote(commands.map(({ name }) => name).join(' '))}`,
  ];
  return `# Completion of muster ${version} for fish.\ncomplete -c muster -f\n${[...lines, ...more].join('\n')}\n`;
}

/** The text between single quotes, as every shell reads it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Source of the macros: man(7). */
function formatManual(commands: readonly DescribedCommand[]): string {
  const parts = commands.map((command) => {
    const { name, description, argument, examples } = command;
    const options = flagsOf(command).map((flag) => {
      const value = flag.value === undefined ? '' : ` \\fI${roff(flag.value)}\\fR`;
      const flags = spellings(flag).map((spelling) => `\\fB${roff(spelling)}\\fR${value}`);
      return `.TP\n${flags.join(', ')}\n${[roff(flag.help), ...notesOf(flag)].join(' ')}\n`;
    });
    const usage = `\\fBmuster ${roff(name)}\\fR${argument === undefined ? '' : ` \\fI${roff(argument)}\\fR`} [options]`;
    const shown = examples.map((example) => `${roff(example)}\n`).join('');
    return `.SS ${roff(name)}\n${usage}\n.PP\n${roff(description)}\n${options.join('')}.PP\nExamples:\n.PP\n.nf\n.RS\n${shown}.RE\n.fi\n`;
  });
  const summaries = commands.map(({ name, summary }) => `.TP\n\\fB${roff(name)}\\fR\n${roff(summary)}\n`);
  return `.TH MUSTER 1 "" "muster ${version}" "User Commands"
.SH NAME
muster \\- serverless service discovery for Prometheus
.SH SYNOPSIS
\\fBmuster\\fR \\fICOMMAND\\fR [options]
.SH DESCRIPTION
${summaries.join('')}.SH COMMANDS
${parts.join('')}.SH ENVIRONMENT
.TP
\\fBMUSTER_LOG_LEVEL\\fR
debug, info, warn or error.
${environment(commands)}.SH EXIT STATUS
0 good, 1 failed, 2 wrong usage or configuration, 130 after an interrupt.
`;
}

function notesOf({ default: preset, env, required }: Option): readonly string[] {
  return [
    ...(required === true ? ['Required.'] : []),
    ...(preset === undefined ? [] : [`Default: ${roff(preset)}.`]),
    ...(env === undefined ? [] : [`Environment: ${env}.`]),
  ];
}

function environment(commands: readonly DescribedCommand[]): string {
  const variables = new Map(
    commands.flatMap((command) =>
      flagsOf(command).flatMap(({ env, long, help }) =>
        env === undefined ? [] : [[env, `As \\fB${roff(`--${long}`)}\\fR: ${roff(help)}`] as const],
      ),
    ),
  );
  return Array.from(
    variables.entries().toArray().sort(),
    ([name, text]) => `.TP\n\\fB${name}\\fR\n${text}\n`,
  ).join('');
}

/** Escapes text for roff: a backslash, a minus, and a dot or quote at the beginning of a line. */
function roff(text: string): string {
  return (
    text
      .replaceAll('\\', '\\e')
      .replaceAll('-', '\\-')
      .replace(/^(?=[.'])/gm, '\\&')
      // groff reads bytes unless an option says otherwise.
      .replace(
        /[^ -~\n]/gu,
        (one) => `\\[u${one.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
      )
  );
}
