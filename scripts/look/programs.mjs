/** Programs that have to be there before the sandbox can install or build the rest. */

/** Program → the package that has it. */
const needed = { flock: "util-linux", unshare: "util-linux", nsenter: "util-linux" };

/** The first Go that fetches other toolchains itself. */
const oldestGo = [1, 21];

export function programs(machine) {
  const missing = Object.keys(needed).filter((name) => !machine.hasProgram(name));
  const packages = [...new Set(missing.map((name) => needed[name]))];
  return [
    ...(missing.length > 0 ? [`It needs ${missing.join(", ")}. Install ${packages.join(", ")}.`] : []),
    ...installer(machine),
    ...go(machine),
  ];
}

function installer({ hasProgram }) {
  return hasProgram("apt-get")
    ? []
    : ["It installs what it needs by apt-get, which isn't here. Use Debian 12 or later, or a relative of it."];
}

function go({ goVersion }) {
  const answer = goVersion();
  const [major, minor] = (answer?.match(/^go(\d+)\.(\d+)/) ?? []).slice(1).map(Number);
  if (major > oldestGo[0] || (major === oldestGo[0] && minor >= oldestGo[1])) return [];
  return [
    `It needs Go ${oldestGo.join(".")} or later (found: ${answer ?? "none"}), which fetches the version that is used. ` +
      "Install it from https://go.dev/dl into /usr/local/go.",
  ];
}
