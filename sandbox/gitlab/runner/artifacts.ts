/** Artifacts: uploaded by jobs, read by later jobs of the project. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import * as path from "node:path";
import { pipeline as pipe } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { ApiError, badParameters, badRequest, notFound } from "../errors";
import type { ArtifactFile, Job } from "../model";
import { text } from "../parameters";
import { parseDotenv } from "../pipeline/dotenv";
import type { State } from "../state";
import { authenticateJob, authenticateReader } from "./auth";

/** In bytes: GitLab's default `max_artifacts_size`. */
const maxSize = 100 * 1024 * 1024;

export function artifactRoutes(server: FastifyInstance, state: State): void {
  server.post("/jobs/:id/artifacts/authorize", async (request) => {
    authenticateJob(state, request);
    return { MaximumSize: maxSize };
  });

  server.post("/jobs/:id/artifacts", async (request, reply) => {
    const job = authenticateJob(state, request);
    const query = request.query as Record<string, unknown>;
    const type = text(query.artifact_type) ?? "archive";
    const format = text(query.artifact_format) ?? "zip";
    if (!/^[a-z_]+$/.test(type)) throw badParameters(["artifact_type does not have a valid value"]);
    if (!["zip", "gzip", "raw"].includes(format)) throw badParameters(["artifact_format does not have a valid value"]);
    if (job.artifacts.has(type)) throw badRequest("another artifact of the same type already exists");
    if (!request.isMultipart()) throw badParameters(["file is invalid"]);
    const upload = await request.file({ limits: { fileSize: maxSize, files: 1 } }).catch(incomplete);
    if (!upload) throw badParameters(["file is missing"]);

    const dir = path.join(state.stateDir, "artifacts", String(job.id));
    await mkdir(dir, { recursive: true });
    const file = path.join(dir, type);
    const partial = `${file}.${process.hrtime.bigint()}.partial`;
    try {
      await pipe(upload.file, createWriteStream(partial)).catch((error) => {
        throw upload.file.errored ? incomplete(error) : error;
      });
      if (upload.file.truncated) throw new ApiError(413, { message: "413 Payload Too Large" });
      await rename(partial, file);
    } finally {
      await rm(partial, { force: true });
    }
    const { size } = await stat(file);
    await store(job, { type, format, filename: upload.filename || "artifacts.zip", file, size });
    return reply.code(201).send({ message: "201 Created" });
  });

  server.get("/jobs/:id/artifacts", async (request, reply) => {
    const archive = authenticateReader(state, request).artifacts.get("archive");
    if (!archive) throw notFound();
    return reply
      .header("content-length", archive.size)
      .header("content-disposition", `attachment; filename="${archive.filename.replace(/[^\w.-]/g, "_")}"`)
      .type("application/octet-stream")
      .send(createReadStream(archive.file));
  });
}

/** The form broke off, or is none. */
function incomplete(error: Error): never {
  throw badRequest(error.message);
}

async function store(job: Job, artifact: ArtifactFile): Promise<void> {
  if (artifact.type === "dotenv") {
    try {
      const content = await readFile(artifact.file);
      const plain = artifact.format === "gzip" ? gunzipSync(content, { maxOutputLength: 1024 * 1024 }) : content;
      job.dotenv = parseDotenv(plain.toString());
    } catch (error) {
      throw badRequest((error as Error).message);
    }
  }
  job.artifacts.set(artifact.type, artifact);
}
