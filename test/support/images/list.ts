/** Images that are nobody's here, as jobs name them: what they hold, and what their configuration says. */
import * as path from "node:path";
import type { Run } from "../../../sandbox/setup/build-log";
import { goBuild } from "../../../sandbox/setup/go";
import { filesUnder } from "../../../sandbox/setup/recipes";
import { versions } from "../../../sandbox/setup/versions";

export interface ImageSource {
  /** Of Debian's packages, those that are asked for by name. */
  packages: string[];
  /** Files that decide the result. */
  files: string[];
  /** Fills a folder with the image's files. */
  fill(root: string, run: Run): Promise<unknown>;
  /** Options of `umoci config`. */
  config: string[];
}

const here = (...parts: string[]) => path.join(__dirname, ...parts);
const suite = versions.debianOfPackages;

/** Packages' files, and what a script makes of them: `script FOLDER FILE…`. */
const debian = (packages: string[], script: string, ...files: string[]): Omit<ImageSource, "config"> => ({
  packages,
  files: ["debian.sh", script, ...files].map((file) => here(file)),
  async fill(root, run) {
    await run("sh", [here("debian.sh"), suite, root, ...packages]);
    await run("sh", [here(script), root, ...files.map((file) => here(file))]);
  },
});

const entryPoint = ["--config.entrypoint", "docker-entrypoint.sh"];
const serverPath = "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin";

export const sources = {
  /** No bash, no C library, 400 commands in one program. */
  busybox: {
    packages: ["busybox-static"],
    files: [here("busybox.sh")],
    fill: (root, run) => run("sh", [here("busybox.sh"), suite, root]),
    config: ["--config.cmd", "sh"],
  },
  /** One static program and no shell: it says hello to whoever connects to port 8080. Its volume holds a file of user 1000. */
  greeter: {
    packages: [],
    files: filesUnder(here("greeter")),
    async fill(root, run) {
      await run("install", ["-d", "-o", "1000", path.join(root, "greetings")]);
      await run("install", ["-m", "0644", here("greeter", "go.mod"), path.join(root, "greetings")]);
      await goBuild(run, { module: here("greeter"), target: ".", output: path.join(root, "greeter") });
    },
    config: ["--config.entrypoint", "/greeter", "--config.exposedports", "8080/tcp", "--config.volume", "/greetings"],
  },
  /** Debian with a user of its own (app, 1000), a working directory and an entry point, which sets GREETING. */
  app: {
    ...debian([], "app.sh", "app-entrypoint.sh"),
    config: [
      ...["--config.user", "app", "--config.workingdir", "/srv/app", "--config.env", "APP_ENV=production"],
      ...["--config.entrypoint", "/usr/local/bin/entrypoint", "--config.cmd", "bash"],
    ],
  },
  /** PostgreSQL 17, which takes POSTGRES_PASSWORD, POSTGRES_USER and POSTGRES_DB as the official image does. */
  postgres: {
    ...debian(["postgresql-17"], "server.sh", "postgres-entrypoint.sh"),
    config: [
      ...[...entryPoint, "--config.cmd", "postgres", "--config.exposedports", "5432/tcp"],
      ...["--config.env", `PATH=/usr/lib/postgresql/17/bin:${serverPath}`, "--config.env", "LANG=C.UTF-8"],
      ...["--config.env", "PGDATA=/var/lib/postgresql/data", "--config.volume", "/var/lib/postgresql/data"],
      ...["--config.stopsignal", "SIGINT"],
    ],
  },
  /** Redis, open to anybody as the official image is. */
  redis: {
    ...debian(["redis-server"], "server.sh", "redis-entrypoint.sh"),
    config: [
      ...[...entryPoint, "--config.cmd", "redis-server", "--config.cmd", "--protected-mode", "--config.cmd", "no"],
      ...["--config.workingdir", "/data", "--config.volume", "/data", "--config.exposedports", "6379/tcp"],
    ],
  },
} satisfies Record<string, ImageSource>;

export type ImageName = keyof typeof sources;
