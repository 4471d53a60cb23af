/** Makes the images named on the command line, or all: `tsx test/support/images/main.ts [NAME…]`. */
import { prepareForeignImages } from "./index";
import type { ImageName } from "./list";

const names = process.argv.slice(2) as ImageName[];
prepareForeignImages(
  { onProgress: ({ artifact, state, seconds }) => console.log(artifact, state, seconds ?? "") },
  names.length > 0 ? names : undefined,
).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
