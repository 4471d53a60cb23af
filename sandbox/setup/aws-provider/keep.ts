/**
 * What the program needs of two generated files of the Terraform provider, which name each of AWS's services: with all 260
 * of them the build would take an hour and compile 260 SDKs.
 */

/** Of `service_packages_gen.go`: the services of these names. */
export function keepServices(source: string, services: readonly string[]): string {
  return lines(source, (line) => {
    const [, imported, called] = /"[^"]+\/internal\/service\/(\w+)"|^\t+(\w+)\.ServicePackage\(/.exec(line) ?? [];
    const service = imported ?? called;
    return service === undefined || services.includes(service);
  });
}

/** Of `awsclient_gen.go`: the clients of these packages of the SDK. */
export function keepClients(source: string, clients: readonly string[]): string {
  const methods = /^func \(c \*AWSClient\) \w+\(ctx context\.Context\) \*(\w+)\.Client \{\n.*?^\}\n/gms;
  const kept = source.replace(methods, (method, client: string) => (clients.includes(client) ? method : ""));
  return lines(kept, (line) => {
    const [, alias, imported] = /^\t(?:(\w+) )?"github\.com\/aws\/aws-sdk-go-v2\/service\/(\w+)"$/.exec(line) ?? [];
    return imported === undefined || clients.includes(alias ?? imported);
  });
}

const lines = (source: string, keep: (line: string) => boolean) => source.split("\n").filter(keep).join("\n");
