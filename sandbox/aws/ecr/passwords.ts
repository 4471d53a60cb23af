/** The passwords of ECR's registry, each good for twelve hours. */
import { randomBytes } from "node:crypto";
import { accountId, region } from "../../config";

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
const life = 12 * 60 * 60 * 1000;

export class RegistryPasswords {
  private readonly expiries = new Map<string, number>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Answers GetAuthorizationToken. */
  issue(): object {
    const password = randomBytes(32).toString("base64url");
    const expiry = this.now() + life;
    this.expiries.set(password, expiry);
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"),
          expiresAt: expiry / 1000,
          proxyEndpoint: `https://${accountId}.dkr.ecr.${region}.amazonaws.com`,
        },
      ],
    };
  }

  /** Whether an Authorization header opens the registry. A sandbox that is new knows no password of an earlier one. */
  check(authorization: string | undefined): "good" | "expired" | "missing" {
    const encoded = /^Basic (.+)$/i.exec(authorization ?? "")?.[1];
    if (encoded === undefined) return "missing";
    const [user, password = ""] = Buffer.from(encoded, "base64").toString().split(":");
    const expiry = user === "AWS" ? this.expiries.get(password) : undefined;
    return expiry !== undefined && this.now() < expiry ? "good" : "expired";
  }

  /** All that were given so far, as if twelve hours had gone by. */
  expire(): void {
    for (const password of this.expiries.keys()) this.expiries.set(password, this.now());
  }
}
