/**
 * Fetches Debian's packages and unpacks them into a folder: `build.ts SUITE FOLDER PACKAGE…`. None of their scripts runs
 * and nothing of the machine is asked for but tar, so that it works on any distribution.
 */
import { fetchVerified, packagesOf } from "./archive";
import { closure } from "./closure";
import { unpack } from "./unpack";

/** Files that are fetched ahead of the one that is unpacked. */
const ahead = 8;

async function main([suite, folder, ...names]: string[]): Promise<void> {
  const wanted = closure(await packagesOf(suite!), names);
  const fetching: Promise<Buffer>[] = [];
  const fetchNext = () => {
    const next = wanted[fetching.length];
    if (!next) return;
    const file = fetchVerified(next.Filename!, next.SHA256!);
    // Who waits for it hears of its failure; until then it is nobody's.
    file.catch(() => {});
    fetching.push(file);
  };
  for (let count = 0; count < ahead; count++) fetchNext();
  for (const [index, { Package, Version }] of wanted.entries()) {
    const content = await fetching[index]!;
    // A package of 7 MB need not stay.
    fetching[index] = Promise.resolve(Buffer.alloc(0));
    fetchNext();
    await unpack(content, folder!);
    console.log(`${Package} ${Version}`);
  }
}

void main(process.argv.slice(2));
