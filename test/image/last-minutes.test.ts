/** What docker-entrypoint.sh does once ECS has told the container to stop, which comes two minutes ahead of the end. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { until } from "../support/processes";
import { createStartedContainer, type StartedContainer } from "./started";

describe("a container that is told to stop", () => {
  let container: StartedContainer;

  beforeEach(() => (container = createStartedContainer()));
  afterEach(() => container.remove());

  const jobOver = () => container.at("run/ci-job-over");
  const lastWords = () => container.at("run/ci-task-stops");

  it("ends at once where no session came to it", async () => {
    await container.start({});
    container.terminate();
    expect(await container.end()).to.deep.equal({ stdout: "up\nended\n", stderr: "", code: 0 });
    expect(container.seconds()).to.equal(0);
  });

  it("ends at once before its sshd is up, and starts none", async () => {
    // One of the programs by which the entry point prepares the container; its parent is the entry point.
    container.program("bin/awk", "kill -TERM $PPID");
    container.launch({});
    // A process that a signal ends has no exit code. The first of a container would not even be ended.
    expect(await container.end()).to.deep.equal({ stdout: "", stderr: "", code: 0 });
  });

  it("ends at once where its job is over", async () => {
    container.session();
    await container.start({});
    container.connect();
    writeFileSync(jobOver(), "");
    container.terminate();
    expect(await container.end()).to.deep.equal({ stdout: "up\nended\n", stderr: "", code: 0 });
    expect(container.seconds()).to.equal(0);
    expect(existsSync(lastWords())).to.equal(false);
  });

  it("goes on while its job has a connection, and has ci-agent say so", async () => {
    container.session();
    container.connect();
    await container.start({});
    container.terminate();
    await until("more than the time between two stages has passed", () => container.seconds() > 15);
    expect(container.output.stdout).to.equal("up\npkill -TERM -f ci-agent serve \n");
    expect(readFileSync(lastWords(), "utf8")).to.match(/^ECS stops this task.*\n$/);
    container.disconnect();
    const before = container.seconds();
    expect(await container.end()).to.deep.equal({
      stdout: "up\npkill -TERM -f ci-agent serve \nended\n",
      stderr: "docker-entrypoint: the task has to stop; its job goes on as long as it may\n",
      code: 0,
    });
    expect(container.seconds() - before).to.be.within(9, 11);
  });

  it("waits for the next stage, and no longer than until the job is over", async () => {
    container.session();
    const connected = container.at("connected");
    // The next stage comes in the ninth second without a connection; the last one begins in the thirtieth.
    container.eachSecond(
      `case $(wc -l <${container.at("seconds")}) in 9) : >${connected} ;; 30) : >${jobOver()} ;; esac`,
    );
    await container.start({});
    container.terminate();
    expect((await container.end()).stdout).to.match(/ended\n$/);
    expect(container.seconds()).to.equal(30);
  });

  it("is told once", async () => {
    container.session();
    container.connect();
    await container.start({});
    container.terminate();
    await until("it has heard", () => container.seconds() > 0);
    container.terminate();
    await until("time has passed", () => container.seconds() > 12);
    expect(container.output.stdout).to.equal("up\npkill -TERM -f ci-agent serve \n");
  });

  it("does not take an earlier start's last stage for one of this start", async () => {
    container.session();
    container.connect();
    writeFileSync(jobOver(), "");
    await container.start({});
    container.terminate();
    await until("it goes on", () => container.seconds() > 0);
  });

  it("has sshd's exit code", async () => {
    container.program("usr/sbin/sshd", "echo up; exit 3");
    await container.start({});
    expect((await container.end()).code).to.equal(3);
  });
});
