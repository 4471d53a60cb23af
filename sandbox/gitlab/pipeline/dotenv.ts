/** artifacts:reports:dotenv files: KEY=VALUE a line, no expansion, no multi-line values (GitLab's rules). */

/** In bytes and variables (GitLab's limits). */
const maxSize = 5 * 1024;
const maxVariables = 50;

/** Throws with GitLab's message where the file breaks the rules. */
export function parseDotenv(content: string): Record<string, string> {
  if (Buffer.byteLength(content) > maxSize) throw new Error("Dotenv Artifact Too Big. Maximum Allowable Size: 5120");
  const variables: Record<string, string> = {};
  for (const line of content.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (!match) throw new Error("Invalid Format");
    variables[match[1]] = unquote(match[2].trim());
  }
  const count = Object.keys(variables).length;
  if (count > maxVariables) {
    throw new Error(`Dotenv files cannot have more than ${maxVariables} variables`);
  }
  return variables;
}

function unquote(value: string): string {
  const match = /^(["'])(.*)\1$/.exec(value);
  return match ? match[2] : value;
}
