/** What went wrong, of all that the Pulumi CLI said. */

/** As the npm package `pulumi` says it, which downloads the CLI when it is first called. */
const download = /^Downloading pulumi v(\S+)\.\.\.\s[^]*?^pulumi: (.*)$/m;

/** Its lines on standard error that say so. @param message of the SDK's error, with the whole output */
export function lastWords(message: string): string {
  const [, version, reason] = download.exec(message) ?? [];
  if (version !== undefined) {
    return (
      `it is not on this machine, and cannot be downloaded from get.pulumi.com (${reason}): let the machine reach that, ` +
      `or unpack the release ${version} into ~/.pulumi/versions/${version}/bin (for another folder than ~/.pulumi set PULUMI_HOME)`
    );
  }
  const errors = message.split("\n").filter((line) => /^\s*(stderr:\s*)?error: /.test(line));
  const said = errors.map((line) => line.replace(/^\s*(stderr:\s*)?error: /, ""));
  // The SDK shows standard error twice.
  return [...new Set(said)].join("; ") || message.trim().slice(-2000);
}
