/** How a host's runner is asked whether it can read a config.toml, in POSIX sh. */
import { paths } from "./paths";
import { runnerUser } from "./systemd-unit";

/**
 * Lines that fail where the runner does not read the file. `lint` finds wrong keys too, but came with 19.3.0. Runners
 * before it list what they have read, and end with 0 whether they could or not: each entry has to be on the list. What
 * they say holds tokens, and is told only where it is a complaint.
 *
 * @param file a word of the shell
 */
export const checkConfigToml = (file: string): string[] => [
  `if ${paths.runner} lint --help > /dev/null 2>&1; then`,
  `  sudo -u ${runnerUser} ${paths.runner} lint -c ${file}`,
  "else",
  `  said=$(sudo -u ${runnerUser} ${paths.runner} --log-format json list -c ${file} 2>&1)`,
  `  entries=$(sudo -u ${runnerUser} grep -c '^\\[\\[runners\\]\\]$' ${file}) || true`,
  `  listed=$(printf '%s\\n' "$said" | grep -c '"Executor":"custom"') || true`,
  `  case $said in *'"Listing configured runners"'*) ;; *) listed=none ;; esac`,
  `  if [ "$listed" != "$entries" ]; then`,
  `    printf '%s\\n' "$said" | grep -E '"level":"(warning|error|fatal)"' >&2 || true`,
  `    echo "the runner reads $listed of the $entries entries of config.toml" >&2`,
  "    exit 1",
  "  fi",
  "fi",
];
