/** The schema of `driver`: where the driver's sources come from. */
import { z } from "zod";
import * as defaults from "./defaults";
import { always, strict } from "./values";

/** Addresses that git knows, without credentials: they would be plain text in the stack's file and its state. */
const repository = z
  .string()
  .regex(/^((https?|ssh|file):\/\/[^\s]+|[\w.-]+@[\w.-]+:[^\s]+)$/, "not the address of a git repository")
  .refine((url) => !/^https?:\/\/[^/]*@/.test(url), {
    error: "holds credentials, which would be plain text; leave them to git's credential helper",
  });

export const driver = strict({
  source: z.literal("bundled").optional().meta({
    description: "`bundled`: driver/ of this project.",
    default: "bundled, where no `driver.repository` is named",
    example: "bundled",
  }),
  repository: repository.optional().meta({
    description:
      "Git repository with the driver's sources, for a fork of your own. The git of the machine that deploys fetches " +
      "it, with its own credentials; hosts compile it.",
    default: "driver/ of this project",
    example: "https://git.example.com/acme/gitlab-fargate-runners.git",
  }),
  ref: z
    .string()
    .regex(/^[^\s~^:?*[\\-][^\s~^:?*[\\]*$/, "not a branch, a tag or a commit id")
    .optional()
    .meta({
      description:
        "Full commit id (recommended), tag or branch. A branch is looked up at each preview and deployment, and a " +
        "new commit of it is a change.",
      default: "required with `driver.repository`",
      example: "0123456789abcdef0123456789abcdef01234567",
    }),
  directory: z
    .string()
    .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, "not a folder below the repository's root")
    .default(defaults.driverDirectory)
    .meta({ description: "The repository's folder with the driver's go.mod; `.` is its root.", example: "." }),
})
  .superRefine(({ source, repository, ref }, context) => {
    const complain = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (source !== undefined && repository !== undefined) complain("source", "bundled is not from driver.repository");
    if (repository === undefined && ref !== undefined) complain("repository", "required with driver.ref");
    if (repository !== undefined && ref === undefined) {
      complain("ref", "required with driver.repository: a commit id, a tag or a branch");
    }
  }, always)
  .prefault({});
